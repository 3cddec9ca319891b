public import Kinds
public import Tensors

/// A recurrent layer over windows, with truncated backpropagation through time; cells are behind it.
public protocol RecurrentLayer: AnyObject {
    /// h of every step of the window, `[T*B, H]`.
    var output: MatrixView { get }

    /// Sets the state to that at the start of an epoch: zero, or the learned one.
    func resetState()

    /// Runs the window from the state; h goes to `output`. Shape: the rows of `input` are `[steps*streams, I]`.
    func forward(_ input: ForwardInput, steps: Int)

    /// Backpropagation through the window, which `forward` ran just before. Every parameter's gradient is overwritten.
    ///
    /// `dOutput` `[steps*streams, H]` is the loss's gradient by `output`; `dInput` becomes that of the rows of `input`. `atEpochStart` says that
    /// the window began with `resetState`.
    func backward(
        _ input: BackwardInput, dOutput: MatrixView, dInput: MatrixView, steps: Int, rows: GradientRows, atEpochStart: Bool)

    /// Makes the state after the window the one before the next. Call after `backward`, which needs the old one.
    func carryState(steps: Int)
}

/// What a layer reads of a window.
public enum ForwardInput {
    /// A row for each of the window.
    case rows(MatrixView)
    /// Equal rows are given once, and their products are computed once: to the same bits.
    case distinct(RepeatedRows)
}

/// The same for the backward pass.
public enum BackwardInput {
    case rows(MatrixView)
    /// A shard's gates' gradients are summed by distinct row, and what follows is done once for each.
    case merged(MergedRows)

    /// Rows of the input, and of its gradient.
    public var rowCount: Int {
        switch self {
        case .rows(let rows): rows.rows
        case .merged(let merged): merged.distinct.rows
        }
    }
}

/// The sizes of a recurrent layer.
public struct RecurrentShape: Sendable {
    /// Its place in the stack, from 0, which its parameters' names have.
    public var number: Int
    public var inputSize: Int
    public var hiddenSize: Int
    /// Whether its input is a table of tokens, which may be given as `.distinct` and `.merged`.
    public var readsTokens: Bool
    /// Whether the state at the start of an epoch is a parameter.
    public var learnsFirstState: Bool
    /// The cells'.
    public var settings: Settings

    public init(
        number: Int = 0, inputSize: Int, hiddenSize: Int, readsTokens: Bool = false, learnsFirstState: Bool = false,
        settings: Settings = Settings()
    ) {
        self.number = number
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.readsTokens = readsTokens
        self.learnsFirstState = learnsFirstState
        self.settings = settings
    }
}
