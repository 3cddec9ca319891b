public import Kinds
public import Tensors

/// A recurrent layer over windows, with truncated backpropagation through time. It hides the kind of cell.
public protocol RecurrentLayer: AnyObject {
    /// h of every step of the window, `[T*B, O]`.
    var output: MatrixView { get }
    /// The gates of the cell, for inspection; empty if they are not known.
    var gateKinds: [CellGate] { get }
    /// The letters of the blocks of `rnn.weight_hh`, in their order; empty if they have none.
    var gateNames: [String] { get }
    /// Whether the largest singular value of the recurrent matrix bounds the gradient from one step to the one before.
    var isBoundedByRecurrentMatrix: Bool { get }
    /// The activated gates of every step of the window after `forward`, `[T*B, G*H]`, until `backward` replaces them.
    var activatedGates: MatrixView { get }
    /// Whether equal rows of the input may be given once, as `.distinct` and `.merged`.
    var readsDistinctRows: Bool { get }
    /// Called in `backward` for each step of the window, from the last to the first, with the gradient of the loss with respect to h
    /// of the step, `[streams, O]`; nil: not called.
    var gradientObserver: ((_ step: Int, _ dH: MatrixView) -> Void)? { get set }
    /// The states besides h that have a gradient, in the order of the cell. A call of `gradientObserver` finds in each the gradient that
    /// the state after the step receives from later steps, `[streams, U]`. Not for a layer whose units a team divides.
    var stateGradients: [(name: String, gradient: MatrixView)] { get }

    /// Sets the state to the initial state of an epoch: zero, or the learned state.
    func resetState()

    /// Runs the window from the current state, and writes h to `output`. Shape: the rows of `input` are `[steps*streams, I]`.
    func forward(_ input: ForwardInput, steps: Int)

    /// Backpropagation through the window of the last `forward`. Overwrites the gradient of every parameter.
    ///
    /// `dOutput` `[steps*streams, O]` is the gradient of the loss with respect to `output`. `dInput` receives that of the rows of
    /// `input`. `atEpochStart` is true if the window began with `resetState`.
    func backward(
        _ input: BackwardInput, dOutput: MatrixView, dInput: MatrixView, steps: Int, rows: GradientRows, atEpochStart: Bool)

    /// Makes the state after the window the initial state of the next. Call it after `backward`, which needs the old state.
    func carryState(steps: Int)
}

/// A gate of a cell.
public struct CellGate: Sendable, Equatable {
    /// The letter of its name in the cell's equations.
    public let name: String
    /// Whether it is the output of a sigmoid, and so can be open or closed.
    public let isSigmoid: Bool

    /// A gate; a sigmoid unless it is said not to be one.
    public init(_ name: String, isSigmoid: Bool = true) { (self.name, self.isSigmoid) = (name, isSigmoid) }
}

/// The input of a layer in a window.
public enum ForwardInput {
    /// A row for each row of the window.
    case rows(MatrixView)
    /// Each distinct row once. Its products are computed once, with the same bits.
    case distinct(RepeatedRows)
}

/// The gradient of a layer's input in a window.
public enum BackwardInput {
    case rows(MatrixView)
    /// The gradients of the gates are summed by distinct row of each shard. What follows is done once for each distinct row.
    case merged(MergedRows)

    /// The number of rows of the input and of its gradient.
    public var rowCount: Int {
        switch self {
        case .rows(let rows): rows.rows
        case .merged(let merged): merged.distinct.rows
        }
    }
}

/// The sizes of a recurrent layer.
public struct RecurrentShape: Sendable {
    /// The layer's index in the stack, from 0, as in the names of its parameters.
    public var number: Int
    public var inputSize: Int
    public var hiddenSize: Int
    /// Whether its input is a table of tokens, which may be passed as `.distinct` and `.merged`.
    public var readsTokens: Bool
    /// Whether the initial state of an epoch is a parameter.
    public var learnsFirstState: Bool
    /// The classes that the model distinguishes; only a cell that predicts them reads their number.
    public var classCount: Int
    /// The settings of the cell.
    public var settings: Settings

    public init(
        number: Int = 0, inputSize: Int, hiddenSize: Int, classCount: Int = 0, readsTokens: Bool = false,
        learnsFirstState: Bool = false,
        settings: Settings = Settings()
    ) {
        self.number = number
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.classCount = classCount
        self.readsTokens = readsTokens
        self.learnsFirstState = learnsFirstState
        self.settings = settings
    }
}

extension RecurrentShape {
    /// O, the columns of h.
    func outputSize<C: Cell>(of cell: C.Type) -> Int {
        C.predictsClasses ? classCount : C.outputSize(units: hiddenSize, settings)
    }
}
