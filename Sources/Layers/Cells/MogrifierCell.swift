public import Kinds
import Tensors

extension CellSettings {
    public static let mogrifierRounds = Setting(
        "mogrifier-rounds", 5, range: .whole(1...100), placeholder: "n", "Rounds in which input and state gate each other.")
    public static let mogrifierRank = Setting(
        "mogrifier-rank", 32, range: .whole(1...1_000_000), placeholder: "n",
        "Rank of the matrices with which input and state gate each other.")
}

/// An LSTM whose input and state gate each other before each step. In round i of r, `x = 2 s(A_i B_i h) * x` for odd i and
/// `h = 2 s(A_i B_i x) * h` for even i, with `rnn.weight_left<i>_l<k>` A_i `[I or H, rank]` and `rnn.weight_right<i>_l<k>` B_i
/// `[rank, H or I]`; then the steps of `LSTMCell` with the last x and h.
///
/// Source: Melis, Kočiský & Blunsom 2020, equations 1 to 3, with their low-rank factors. The input product of a window cannot be computed before its
/// steps. Kept for the backward pass besides the gates: T B floats for each column of each round, and twice the rank.
struct MogrifierCell: Cell {
    static let name = "mogrifier"
    static let summary =
        "An LSTM whose input and state gate each other, `x = 2 s(A B h') * x` and `h' = 2 s(A B x) * h'` in turn (Melis et al. 2020)."
    static let settings: [any DeclaredSetting] = [
        CellSettings.mogrifierRounds, CellSettings.mogrifierRank, CellSettings.timeSkips,
    ]
    static let gateCount = 4
    static let gateNames = LSTMCell.gates.map(\.name)
    static let states = ["c"]
    static let forgetGate: Int? = 1
    static let readsInput = true
    static let dividesUnits = false

    private let kernel = CellKernel("lstm")
    private let input: CellWeight
    private let recurrent: RecurrentProduct
    private let rounds: [MogrifierRound]
    private let c: StepState
    private let tanhC: MatrixView  // [T*B, H]

    init(_ settings: Settings, _ builder: CellBuilder) {
        input = builder.inputProduct
        recurrent = builder.product()
        let rank = settings[CellSettings.mogrifierRank]
        rounds = (1...settings[CellSettings.mogrifierRounds]).map { MogrifierRound($0, rank: rank, builder) }
        c = builder.state("c")
        tanhC = builder.stepRows()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        guard let x = step.input?.x else { preconditionFailure("a step without its input") }
        var last = (x, previous)
        for (i, round) in rounds.enumerated() {
            if i % 2 == 0 {
                last.0 = round.forward(step, last.0, by: last.1)
            } else {
                last.1 = round.forward(step, last.1, by: last.0)
            }
        }
        input.multiply(last.0, into: step.gates, from: .result)
        recurrent.multiply(last.1, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
    }

    func backward(_ step: StepView) {
        guard let (x, gradient) = step.input, let dX = gradient else { preconditionFailure("a step without its input") }
        kernel.backward(arithmetic(step))
        input.multiplyBackward(step.gates, into: dX)
        recurrent.multiplyBackward(step.gates, into: step.dH)
        for i in rounds.indices.reversed() {
            let gated = values(before: i, step, x: x)
            if i % 2 == 0 {
                rounds[i].backward(step, gated.x, d: dX, dBy: step.dH)
            } else {
                rounds[i].backward(step, gated.h, d: step.dH, dBy: dX)
            }
        }
    }

    /// x and h before round `i` of a step, `[B, n]`, or of all steps.
    private func values(before i: Int, _ step: StepView, x: MatrixView) -> (x: MatrixView, h: MatrixView) {
        let previous = MatrixView(step.arithmetic.hPrevious, rows: step.h.rows, columns: step.h.columns)
        let gated = rounds.prefix(i).indices
        return (
            gated.last { $0 % 2 == 0 }.map { step.rows(of: rounds[$0].gated) } ?? x,
            gated.last { $0 % 2 == 1 }.map { step.rows(of: rounds[$0].gated) } ?? previous
        )
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.state = c.at(step.range)
        arithmetic.kept = step.rows(of: tanhC).pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {}

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        guard let input else { preconditionFailure("a window without its input") }
        var last = (input, window.hPrevious)
        for (i, round) in rounds.enumerated() {
            round.gradients(window, by: i % 2 == 0 ? last.1 : last.0)
            if i % 2 == 0 { last.0 = window.used(round.gated) } else { last.1 = window.used(round.gated) }
        }
        window.layerGradients(input: last.0, hidden: last.1)
    }
}

/// A round in which one vector gates the other: `y = 2 s(A B v) * x`.
private struct MogrifierRound {
    private let kernel = CellKernel("mogrifier")
    private let left: CellWeight
    private let right: CellWeight
    private let gates: MatrixView  // [T*B, n]: s(A B v), then the gradient of A B v
    private let inner: MatrixView  // [T*B, rank]: B v
    private let dInner: MatrixView  // [T*B, rank]
    /// y, `[T*B, n]`.
    let gated: MatrixView

    init(_ number: Int, rank: Int, _ builder: CellBuilder) {
        let (inputs, hidden) = (builder.parameters.weightInput.columns, builder.size.hiddenSize)
        let (n, m) = number % 2 == 1 ? (inputs, hidden) : (hidden, inputs)
        left = builder.weight("weight_left\(number)", rows: n, columns: rank)
        right = builder.weight("weight_right\(number)", rows: rank, columns: m)
        gates = builder.gradientRows(columns: n)
        inner = builder.stepRows(columns: rank)
        dInner = builder.gradientRows(columns: rank)
        gated = builder.stepRows(columns: n)
    }

    /// y of a step from `x` `[B, n]` and `v` `[B, m]`.
    func forward(_ step: StepView, _ x: MatrixView, by v: MatrixView) -> MatrixView {
        right.multiply(v, into: step.rows(of: inner))
        left.multiply(step.rows(of: inner), into: step.rows(of: gates))
        kernel.forward(arithmetic(step, x, dY: step.rows(of: gated)))
        return step.rows(of: gated)
    }

    /// From the gradient of y in `d` that of `x`, in its place; that of v is added to `dBy`.
    func backward(_ step: StepView, _ x: MatrixView, d: MatrixView, dBy: MatrixView) {
        kernel.backward(arithmetic(step, x, dY: d))
        left.multiplyBackward(step.rows(of: gates), into: step.rows(of: dInner))
        right.multiplyBackward(step.rows(of: dInner), into: dBy, from: .result)
    }

    private func arithmetic(_ step: StepView, _ x: MatrixView, dY: MatrixView) -> CellStep {
        CellStep(
            gates: step.rows(of: gates), units: x.columns, hPrevious: x.pointer, h: step.rows(of: gated).pointer, dH: dY.pointer)
    }

    /// The gradients of both weights after a window; `v` `[steps*B, m]`.
    func gradients(_ window: RecurrentWindow, by v: MatrixView) {
        left.gradient(window, dY: window.used(gates), x: window.used(inner))
        right.gradient(window, dY: window.used(dInner), x: v)
    }
}
