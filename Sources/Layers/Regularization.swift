public import Tensors

/// The regularisers of a language model besides dropout's probability, in training only: those of AWD-LSTM.
///
/// Source: Merity, Keskar & Socher 2018, section 4.
public struct Regularization: Sendable, Equatable {
    /// Whether the mask of dropout is the same at all time steps of a window (Gal & Ghahramani 2016), for each stream.
    public var locksDropout = false
    /// The probability with which a step drops a token of the vocabulary: its whole vector, at all its occurrences.
    public var embeddingDropout: Float = 0
    /// The probability with which a step drops a recurrent weight.
    public var weightDropout: Float = 0
    /// Activation regularisation a: adds `a * mean(y^2)` to the loss, where y is the input of the output layer, after dropout.
    public var activation: Float = 0
    /// Temporal activation regularisation b: adds `b * mean((y(t) - y(t-1))^2)`, with y before dropout, within a window.
    public var temporal: Float = 0

    public init() {}

    /// Whether the loss has penalties on activations.
    public var hasPenalties: Bool { activation > 0 || temporal > 0 }
}

/// The factor of each token's vector in a step: 0 with the probability of embedding dropout, otherwise `1 / (1 - probability)`.
///
/// It depends on (seed, step, token) only, so that all ranks agree.
struct EmbeddingDropout {
    private let probability: Float

    /// Nil without embedding dropout.
    init?(probability: Float) {
        guard probability > 0 else { return nil }
        self.probability = probability
    }

    /// Multiplies the rows by the factors of their tokens.
    func apply(_ tokens: UnsafePointer<Int32>, to rows: MatrixView, _ key: Dropout.Key) {
        let random = CounterRandom(seed: key.seed, purpose: .words)
        let scale = 1 / (1 - probability)
        for row in 0..<rows.rows {
            let drops = random.uniform(UInt64(tokens[row]), UInt64(key.step)) < Double(probability)
            RowKernels.scale(rows, row: row, by: drops ? 0 : scale)
        }
    }
}

/// The gradients of activation and temporal activation regularisation with respect to the input of the output layer. Means are over the predictions of all ranks,
/// and columns: rows without a prediction do not count.
public struct ActivationPenalty {
    private let regularization: Regularization
    private let mask: UnsafePointer<Float>
    private let gradientScale: Float

    /// `gradientScale` is 1 by the predictions of all ranks, and `mask` `[steps*streams]`, which must stay, 1 for those of this rank.
    public init(_ regularization: Regularization, mask: UnsafePointer<Float>, gradientScale: Float) {
        self.regularization = regularization
        self.mask = mask
        self.gradientScale = gradientScale
    }

    /// Adds the gradient of `a * mean(y^2)` to `dY`.
    public func addActivation(_ y: MatrixView, to dY: MatrixView) {
        guard regularization.activation > 0 else { return }
        let factor = 2 * regularization.activation * gradientScale / Float(y.columns)
        for row in 0..<y.rows where mask[row] > 0 { RowKernels.add(factor, times: y, to: dY, row: row) }
    }

    /// Adds the gradient of `b * mean((y(t) - y(t-1))^2)` to `dY`.
    public func addTemporal(_ y: MatrixView, streams: Int, to dY: MatrixView) {
        guard regularization.temporal > 0 else { return }
        let factor = 2 * regularization.temporal * gradientScale / Float(y.columns)
        for row in stride(from: streams, to: y.rows, by: 1) where mask[row] > 0 {
            RowKernels.addDifference(factor, of: y, row: row, previous: row - streams, to: dY)
        }
    }
}
