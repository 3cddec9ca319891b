import Tensors

/// Watches whether dynamic evaluation diverges: whether the mean loss of many tokens in a row exceeds that of equally probable tokens.
public struct DynamicLosses: Sendable, Equatable {
    /// The tokens whose losses are averaged.
    public static let span = 500
    /// ln V: the loss of a token if all are equally probable, in nats.
    public let uniformLoss: Double
    /// The first predicted token, from 1, of the first span whose mean loss exceeds `uniformLoss`, or is not a number.
    public var firstDiverged: Int? { found ?? (isAbove ? start + 1 : nil) }

    private var found: Int?
    private var (start, count, sum) = (0, 0, 0.0)

    init(vocabularySize: Int) { uniformLoss = RowKernels.log(Double(vocabularySize)) }

    /// Whether the mean of the current span is too large; false for an empty one.
    private var isAbove: Bool { count > 0 && !(sum <= uniformLoss * Double(count)) }

    /// Adds the losses of the next tokens, in nats, before the cache and n-grams.
    mutating func add(_ losses: [Double]) {
        for loss in losses {
            sum += loss
            count += 1
            guard count == Self.span else { continue }
            found = firstDiverged
            (start, count, sum) = (start + count, 0, 0)
        }
    }
}
