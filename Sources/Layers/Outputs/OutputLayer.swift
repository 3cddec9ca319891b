public import Kinds
public import Tensors

/// What an output layer is made for.
public struct OutputShape {
    /// V.
    public var vocabularySize: Int
    /// H, the columns of what the layer reads.
    public var hiddenSize: Int
    /// Whether the embedding's table is the weight as well.
    public var isTied: Bool
    /// The settings of all kinds.
    public var settings: Settings
    /// The contexts of the model's tokens, for direct weights; nil for none.
    public var features: ContextFeatures?
    /// The occurrences of each token in the training text, `[V]`; empty for frequencies by Zipf's law.
    public var tokenCounts: [Int]

    public init(
        vocabularySize: Int, hiddenSize: Int, isTied: Bool = false, settings: Settings = Settings(), tokenCounts: [Int] = []
    ) {
        self.tokenCounts = tokenCounts
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.isTied = isTied
        self.settings = settings
    }
}

/// A loss that a backward pass follows.
public struct TrainingLoss {
    /// `backward` gives the gradient of this times the sum of the losses.
    public let gradientScale: Float
    public let steps: Int
    public let rows: GradientRows
    /// What samples depend on: the seed of the run and the step.
    public let key: Dropout.Key

    public init(gradientScale: Float, steps: Int, rows: GradientRows, key: Dropout.Key) {
        self.gradientScale = gradientScale
        self.steps = steps
        self.rows = rows
        self.key = key
    }
}

/// The layer that turns hidden states into a distribution over the vocabulary, with its loss: the only one that knows logits.
public protocol OutputLayer: Kind, AnyObject {
    /// Whether the weight may be the embedding's table.
    static var mayBeTied: Bool { get }

    /// Whether `loss` with `training` is an estimate from samples. Default: no.
    static var estimatesTraining: Bool { get }

    /// Whether the layer depends on how often tokens occur. Default: no.
    static var usesFrequencies: Bool { get }

    /// Whether the layer takes the number of a token for its rank by descending count. Default: no.
    static var ranksTokens: Bool { get }

    /// A note for the user about settings that do little for an output of this size. Default: nil.
    static func note(_ settings: Settings, outputSize: Int) -> String?

    /// Which gradients the `rankCount` ranks of a node compute together, with `streams` streams in windows of `steps`.
    static func gradientSharing(_ shape: OutputShape, steps: Int, streams: Int, rankCount: Int) -> GradientSharing

    /// The work of the layer for one token. The default is nil: the work is not known, and `benchmark` prints no figures that depend on it.
    ///
    /// - Parameter targets: the share of the targets that are in a range of tokens.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork?

    /// - Parameter tied: the embedding's table, if the shape is tied.
    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder)

    /// Logits or log probabilities of a few rows, `[rows, V]`, for generation. Their softmax is the distribution.
    func logits(_ hidden: MatrixView) -> MatrixView

    /// The loss of each row, in nats, 0 where `mask` is 0. With `training`, `backward` may follow; without it, the loss is that of the exact
    /// distribution.
    ///
    /// Shapes: `hidden` `[rows, H]`, which must stay until `backward`; `targets` and `mask`, of which a layer keeps copies, and the result `[rows]`. With `training` there is a
    /// row for each step and stream.
    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double>

    /// The losses of `loss` without `training`, and `logits`, of the same rows. The mask is 1 for all rows.
    ///
    /// Both are valid until the next call.
    func scores(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> (losses: UnsafePointer<Double>, logits: MatrixView)

    /// The gradient of `hidden` `[steps*streams, H]`, overwritten, and those of the layer's parameters. Call it after `loss`.
    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows)

    /// The gradients of the table and of the other parameters, for a layer whose weight is the embedding's table. Call it after
    /// `backward`. The rows of `tied`, those of the embedding, are added to the table's gradient.
    func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences)
}

extension OutputLayer {
    public static var mayBeTied: Bool { false }
    public static var estimatesTraining: Bool { false }
    public static var usesFrequencies: Bool { false }
    public static var ranksTokens: Bool { false }
    public static func note(_ settings: Settings, outputSize: Int) -> String? { nil }
    public static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? { nil }

    /// Each rank computes the gradients of the output for its shards; those of the recurrent layers are computed together.
    public static func gradientSharing(_ shape: OutputShape, steps: Int, streams: Int, rankCount: Int) -> GradientSharing {
        rankCount == 1 ? .none : .recurrent
    }

    public func scores(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> (losses: UnsafePointer<Double>, logits: MatrixView) {
        (loss(hidden, targets: targets, mask: mask, training: nil), logits(hidden))
    }

    public func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences) {
        preconditionFailure("the output \(Self.name) shares no table with the embedding")
    }
}
