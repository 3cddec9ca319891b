import Kinds
import Tensors

/// What distinguishes one recurrent layer from another: a cell's arithmetic, with the products of its recurrent weights.
///
/// A cell is a struct over what its initialiser asked the builder for. `Recurrence` runs it over windows: it computes the input's part of the
/// preactivations before the first step, carries the state, and hides whether the ranks of a team divide the hidden units.
protocol Cell: Kind {
    /// Gates: rows of the weights in units of H.
    static var gateCount: Int { get }
    /// The states besides h, by the letters that PyTorch has for them; the default is none.
    static var states: [String] { get }
    /// Those of `states` that may be learned besides h, the first of them; the default is all.
    static var learnedStates: [String] { get }
    /// Whether there are recurrent weights and a hidden bias; the default is true, but for an ``ElementwiseCell``.
    static var hasRecurrentWeights: Bool { get }
    /// Whether ranks may divide the units of a step; the default is true.
    static var dividesUnits: Bool { get }
    /// The gate to whose bias the forget bias is added; the default is none.
    static var forgetGate: Int? { get }
    /// Whether the input product begins with both biases; the default is true. Else it begins with `b_ih` alone.
    static var addsHiddenBias: Bool { get }

    init(_ settings: Settings, _ builder: CellBuilder)

    /// A layer of such cells; the default is a `Recurrence` of this cell.
    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer

    /// Replaces the state at the start of an epoch, zero or learned, by h, where these differ. `state.gates` and `state.h` are the same
    /// memory, `[B, H]`. The default does nothing.
    func start(_ state: CellStep)

    /// The reverse of `start`: replaces the gradient of h by that of the state. `state.gates` and `state.dH` are the same memory, `[B, H]`.
    func startBackward(_ state: CellStep)

    /// One step: from the input's part in `step.gates` and all units of h before it, `previous` `[B', H]`, to `step.h`.
    func forward(_ step: StepView, previous: MatrixView)

    /// The reverse of `forward` up to the recurrent product: from the whole gradient of h in `step.dH`, the gates become gradients of
    /// preactivations, and `step.dH` what of the gradient of h before the step does not pass through the product.
    func backward(_ step: StepView)

    /// The rest: with the gradients of all units' gates, `dGates` `[B', G*H]`, `dH` `[B', U]` becomes the gradient of h before the step.
    /// Where the cell asked for gates of its own, those asked for last are meant.
    func productBackward(_ dGates: MatrixView, dH: MatrixView)

    /// The gradients of the recurrent weights and of `biasHidden` after a window; with an `input` those of the input weights and of
    /// `biasInput` before, which are there already without. The default fits cells whose recurrent product is added to the input's.
    func weightGradients(_ window: RecurrentWindow, input: MatrixView?)
}

extension Cell {
    static var states: [String] { [] }
    static var learnedStates: [String] { states }
    static var hasRecurrentWeights: Bool { true }
    static var dividesUnits: Bool { true }
    static var forgetGate: Int? { nil }
    static var addsHiddenBias: Bool { true }

    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        Recurrence<Self>(shape, builder)
    }

    func start(_ state: CellStep) {}
    func startBackward(_ state: CellStep) {}

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        let parameters = window.parameters
        if let input {
            // Both weights have the same gradients of gates, which are read once.
            window.rows.weightGradients(
                (parameters.weightInput, input), (parameters.weightHidden, window.hPrevious), bias: parameters.biasInput,
                steps: window.steps, dY: window.dGates)
        } else {
            window.rows.weightGradient(parameters.weightHidden, steps: window.steps, dY: window.dGates, x: window.hPrevious)
        }
        window.copyBiasGradient()
    }
}

/// A cell whose gates read nothing of h: it has no recurrent weights, no hidden bias, and no product in the time loop. The input product of a
/// window is its only one.
protocol ElementwiseCell: Cell {}

extension ElementwiseCell {
    static var hasRecurrentWeights: Bool { false }
    static var addsHiddenBias: Bool { false }
    /// There is no product whose weights a team could divide.
    static var dividesUnits: Bool { false }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {}

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        if let input { window.inputGradient(input) }
    }
}

/// What a cell sees of one step: B' streams and U units, which are those of the rank or of its part in a team.
struct StepView {
    /// Rows of the step in a `[T*B', ...]` matrix.
    let range: Range<Int>
    /// The gradient of h, `[B', U]`.
    let dH: MatrixView
    /// What the cell's kernel works on, but for what is the cell's own.
    let arithmetic: CellStep

    /// Preactivations from the input, then activated gates, then gradients of preactivations: `[B', G*U]`.
    var gates: MatrixView { arithmetic.gates }

    /// The step's rows of a matrix of the cell's, `[T*B', U]`.
    func rows(of matrix: MatrixView) -> MatrixView { matrix.slice(rows: range) }

    /// The step's rows of gates of the cell's own.
    func rows(of gates: GateRows) -> MatrixView { gates.steps.slice(rows: range) }
}

/// What a cell sees of a window when its steps are done: all units of this rank's streams.
struct RecurrentWindow {
    let parameters: RecurrentParameters
    let steps: Int
    let rows: GradientRows
    /// Gradients of the preactivations, `[steps*B, G*H]`.
    let dGates: MatrixView
    /// h before each step, `[steps*B, H]`.
    let hPrevious: MatrixView

    /// The rows of the window at hand.
    func used(_ matrix: MatrixView) -> MatrixView { matrix.prefix(rows: dGates.rows) }

    /// The gradients of the input weights and of `biasInput`.
    func inputGradient(_ input: MatrixView) {
        rows.weightGradient(parameters.weightInput, bias: parameters.biasInput, steps: steps, dY: dGates, x: input)
    }

    /// Both biases are added to the same preactivations.
    func copyBiasGradient() { rows.copyGradients(of: parameters.biasInput, to: parameters.biasHidden) }
}
