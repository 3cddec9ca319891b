import Kinds
import Tensors

/// The part of a recurrent layer that depends on the kind of cell: its elementwise arithmetic, and the products with its
/// recurrent weights.
///
/// A cell is a struct over what its initialiser requested from the builder. `Recurrence` runs it over windows: it computes the
/// input's part of the preactivations before the first step, carries the state, and hides whether the ranks of a team divide the
/// hidden units.
protocol Cell: Kind {
    /// The number of gates: rows of the weights in units of H.
    static var gateCount: Int { get }
    /// The gates in their order, as they are after `forward`. Default: unknown.
    static var gates: [CellGate] { get }
    /// The letters of the blocks of the recurrent weights, in their order. Default: those of `gates`.
    static var gateNames: [String] { get }
    /// Whether the only way from one step to the next is the recurrent matrix, with slopes of at most 1 before or after it. Its largest singular value
    /// then bounds the gradient from step to step. Default: false.
    static var isBoundedByRecurrentMatrix: Bool { get }
    /// The states besides h, by PyTorch's letters. Default: none.
    static var states: [String] { get }
    /// The states besides h whose initial value may be learned: the first of `states`. Default: all of them.
    static var learnedStates: [String] { get }
    /// The states besides h that have no gradient, because h does not depend on them. Default: none.
    static var constantStates: [String] { get }
    /// Whether the initial state of an epoch may be learned. Default: true.
    static var learnsFirstState: Bool { get }
    /// Whether the preactivations include products with earlier inputs; see ``InputContext``. Default: false.
    static var readsContext: Bool { get }
    /// Whether there are recurrent weights and a hidden bias. Default: true, except for an ``ElementwiseCell``.
    static var hasRecurrentWeights: Bool { get }
    /// Whether ranks may divide the units of a step. Default: true.
    static var dividesUnits: Bool { get }
    /// The gate whose bias includes the forget bias. Default: none.
    static var forgetGate: Int? { get }
    /// Whether the input product starts from `b_ih + b_hh`; otherwise it starts from `b_ih`. Default: true.
    static var addsHiddenBias: Bool { get }
    /// Whether the cell adds both biases in its steps, and computes their gradients as `UnitVector`s. Default: false.
    static var addsBiasesItself: Bool { get }
    /// Whether the cell reads the layer's input step by step and computes the input product. Default: false.
    static var readsInput: Bool { get }
    /// Whether h is the model's distribution over the classes, so that O is their number. Such a model has one layer and no output layer
    /// with parameters. Default: false.
    static var predictsClasses: Bool { get }
    /// O, the columns of h for a layer with `units` units. Default: `units`. Only cells that do not divide units have another size.
    static func outputSize(units: Int, _ settings: Settings) -> Int

    init(_ settings: Settings, _ builder: CellBuilder)

    /// A layer of this cell. Default: `Recurrence<Self>`.
    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer

    /// Replaces the initial state of an epoch, zero or learned, by h, for a cell whose state is not h. `state.gates` and
    /// `state.h` are the same memory, `[B, H]`. Default: does nothing.
    func start(_ state: CellStep)

    /// The backward pass of `start`: replaces the gradient of h by that of the state. `state.gates` and `state.dH` are the same
    /// memory, `[B, H]`.
    func startBackward(_ state: CellStep)

    /// One step. `step.gates` holds the input's part of the preactivations; `previous` `[B', O]` is h of all units before the
    /// step. The result is `step.h`.
    func forward(_ step: StepView, previous: MatrixView)

    /// The backward pass of `forward`, without the recurrent product. `step.dH` holds the complete gradient of h. Replaces the
    /// gates by the gradients of their preactivations, and `step.dH` by the part of the gradient of the previous h that does not
    /// pass through the product.
    func backward(_ step: StepView)

    /// The backward pass of the recurrent product. With the gradients of all units' gates, `dGates` `[B', G*H]`, completes `dH`
    /// `[B', U]` to the gradient of the previous h. If the cell requested its own gates, `dGates` are those requested last. A cell
    /// that does not divide units may do this in `backward`, and nothing here.
    func productBackward(_ dGates: MatrixView, dH: MatrixView)

    /// The gradients of the recurrent weights and of `biasHidden` after a window. With an `input`, first computes those of the
    /// input weights and of `biasInput`; without one, they are already computed. The default fits cells that add the recurrent
    /// product to the input's.
    func weightGradients(_ window: RecurrentWindow, input: MatrixView?)
}

extension Cell {
    static var gates: [CellGate] { [] }
    static var gateNames: [String] { gates.map(\.name) }
    static var isBoundedByRecurrentMatrix: Bool { false }
    static var states: [String] { [] }
    static var learnedStates: [String] { states }
    static var constantStates: [String] { [] }
    static var learnsFirstState: Bool { true }
    static var readsContext: Bool { false }
    static var hasRecurrentWeights: Bool { true }
    static var dividesUnits: Bool { true }
    static var forgetGate: Int? { nil }
    static var addsHiddenBias: Bool { true }
    static var addsBiasesItself: Bool { false }
    static var readsInput: Bool { false }
    static var predictsClasses: Bool { false }
    static func outputSize(units: Int, _ settings: Settings) -> Int { units }
    static var settings: [any DeclaredSetting] { [CellSettings.timeSkips] }

    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        Recurrence<Self>(shape, builder)
    }

    func start(_ state: CellStep) {}
    func startBackward(_ state: CellStep) {}

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) { window.layerGradients(input: input) }
}

/// A cell whose gates do not depend on h. It has no recurrent weights, no hidden bias, and no product in the time loop. The only
/// product is the input product of the window.
protocol ElementwiseCell: Cell {}

extension ElementwiseCell {
    static var hasRecurrentWeights: Bool { false }
    static var addsHiddenBias: Bool { false }
    /// There is no recurrent product that a team could divide.
    static var dividesUnits: Bool { false }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {}

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        if let input { window.inputGradient(input) }
    }
}

/// A cell's view of one step: B' streams and U units, either those of the rank or its part in a team.
struct StepView {
    /// Rows of the step in a `[T*B', ...]` matrix.
    let range: Range<Int>
    /// h after the step, `[B', O]`.
    let h: MatrixView
    /// The gradient of h, `[B', O]`.
    let dH: MatrixView
    /// The step's rows of the layer's input and of its gradient, `[B', I]`, for a cell that reads the input itself.
    let input: (x: MatrixView, gradient: MatrixView?)?
    /// The operands of the cell's kernel, except the cell's own buffers.
    let arithmetic: CellStep

    /// Preactivations from the input, later activated gates, then gradients of preactivations: `[B', G*U]`.
    var gates: MatrixView { arithmetic.gates }

    /// The step's rows of one of the cell's matrices, `[T*B', U]`.
    func rows(of matrix: MatrixView) -> MatrixView { matrix.slice(rows: range) }

    /// The step's rows of the cell's own gates.
    func rows(of gates: GateRows) -> MatrixView { gates.steps.slice(rows: range) }
}

/// A cell's view of a window after all its steps: all units of this rank's streams.
struct RecurrentWindow {
    let parameters: RecurrentParameters
    let steps: Int
    let rows: GradientRows
    /// Gradients of the preactivations, `[steps*B, G*H]`.
    let dGates: MatrixView
    /// h before each step, `[steps*B, O]`.
    let hPrevious: MatrixView

    /// The rows of `matrix` that belong to the current window.
    func used(_ matrix: MatrixView) -> MatrixView { matrix.prefix(rows: dGates.rows) }

    /// The gradients of the weights and biases that every layer has, for a cell that adds the recurrent product of h, or of
    /// `hidden` `[steps*B, O]`, to the input's.
    func layerGradients(input: MatrixView?, hidden: MatrixView? = nil) {
        let hidden = hidden ?? hPrevious
        if let input {
            // Both weights have the same gradients of gates, so they are read only once.
            rows.weightGradients(
                (parameters.weightInput, input), (parameters.weightHidden, hidden), bias: parameters.biasInput, steps: steps,
                dY: dGates)
        } else {
            rows.weightGradient(parameters.weightHidden, steps: steps, dY: dGates, x: hidden)
        }
        copyBiasGradient()
    }

    /// The gradients of the input weights and of `biasInput`.
    func inputGradient(_ input: MatrixView) {
        rows.weightGradient(parameters.weightInput, bias: parameters.biasInput, steps: steps, dY: dGates, x: input)
    }

    /// Copies the gradient of `biasInput` to `biasHidden`, which is added to the same preactivations.
    func copyBiasGradient() { rows.copyGradients(of: parameters.biasInput, to: parameters.biasHidden) }
}
