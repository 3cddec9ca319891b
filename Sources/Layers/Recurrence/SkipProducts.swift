public import Kinds
import Tensors

/// How many steps back a layer reads its h, besides one step: `none`, or ascending numbers such as `2,4`.
public struct TimeSkips: ConfigurationScalar {
    /// Ascending, each from 2 to `longest`.
    public let steps: [Int]

    static let longest = 1000

    /// Nil unless the steps are ascending numbers from 2 to 1000.
    public init?(steps: [Int]) {
        guard steps.allSatisfy((2...Self.longest).contains), zip(steps, steps.dropFirst()).allSatisfy(<) else { return nil }
        self.steps = steps
    }

    private init() { steps = [] }

    /// No skip.
    public static let none = TimeSkips()

    public static var expectation: String { "\"none\", or ascending whole numbers from 2 to 1000, such as \"2,4\"" }

    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .text("none"): self = .none
        case .integer(let step): self.init(steps: [step])
        case .integers(let steps): self.init(steps: steps)
        case .text(let text):
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let steps = parts.compactMap { Int($0.trimmingPrefix { $0 == " " }) }
            guard steps.count == parts.count else { return nil }
            self.init(steps: steps)
        case .number, .flag: return nil
        }
    }

    public var configurationValue: ConfigurationValue {
        .text(steps.isEmpty ? "none" : steps.map(String.init).joined(separator: ","))
    }
}

extension ValueRange where Value == TimeSkips {
    static let timeSkips = ValueRange(description: TimeSkips.expectation, ends: ["none", "2", "2,1000"], contains: { _ in true })
}

extension CellSettings {
    public static let timeSkips = Setting(
        "time-skips", TimeSkips.none, range: .timeSkips, placeholder: "k,...", isNew: true,
        "How many steps back each layer reads its output, besides one step: W x becomes W x + sum of U_k h(t-k).")
}

/// The products with h at earlier steps: the input's part of the preactivations becomes `W x + sum over k of U_k h(t-k)`, U_k
/// `rnn.weight_skip<k>_l<number>` `[G*H, O]`. Before the start of an epoch, h is zero.
///
/// Source: the skip connections through time of Lin et al. 1996 (NARX networks) and El Hihi & Bengio 1996.
struct SkipProducts {
    private let weights: [(step: Int, product: CellWeight)]
    private let h: StepState
    private let streams: Int

    init(_ steps: [Int], of h: StepState, _ builder: CellBuilder) {
        self.h = h
        streams = builder.size.streams
        let columns = builder.parameters.gateCount * builder.size.hiddenSize
        weights = steps.map {
            ($0, builder.weight("weight_skip\($0)", rows: columns, columns: builder.size.outputSize))
        }
    }

    /// Adds the products of step `t` to its gates, `[B, G*H]`.
    func multiply(into gates: MatrixView, _ t: Int) {
        for (step, product) in weights { product.multiply(rows(from: t - step, steps: 1), into: gates, from: .result) }
    }

    /// Adds to the gradient of h after step `t`, `[B, O]`, the part from later steps of the window, whose gradients are in `dGates`.
    func multiplyBackward(_ dGates: MatrixView, into dH: MatrixView, _ t: Int) {
        for (step, product) in weights where (t + step + 1) * streams <= dGates.rows {
            let rows = dGates.slice(rows: ((t + step) * streams)..<((t + step + 1) * streams))
            product.multiplyBackward(rows, into: dH, from: .result)
        }
    }

    /// The gradients of the weights after a window.
    func gradients(_ window: RecurrentWindow) {
        for (step, product) in weights {
            product.gradient(window, dY: window.dGates, x: rows(from: -step, steps: window.steps))
        }
    }

    /// h after the steps from `t` on; step -1 is the last before the window.
    private func rows(from t: Int, steps: Int) -> MatrixView {
        let first = (h.history + 1 + t) * streams
        return h.pastAndWindow.slice(rows: first..<(first + steps * streams))
    }
}
