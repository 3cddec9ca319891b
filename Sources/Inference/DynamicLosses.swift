import Tensors

/// Watches whether dynamic evaluation diverges: whether the mean loss of many tokens in a row exceeds that of equally probable tokens.
public struct DynamicLosses: Sendable, Equatable {
    /// The tokens in a row whose losses are averaged.
    public static let span = 500
    /// The fewest tokens of a text of less than a span that are averaged. The mean of fewer tokens says nothing about divergence.
    public static let fewest = 50
    /// ln V: the loss of a token if all are equally probable, in nats.
    public let uniformLoss: Double
    /// The first predicted token, from 1, of the first `span` tokens in a row whose mean loss exceeds `uniformLoss`, or is not a number.
    ///
    /// Of a text of `fewest` to `span - 1` predicted tokens, the mean of all decides; a text of fewer tokens has not diverged.
    public var firstDiverged: Int? { found ?? ((Self.fewest..<Self.span).contains(count) && isAbove ? 1 : nil) }

    private var found: Int?
    /// The last losses, of token i at index `i % span`. At most `[span]`
    private var recent: [Double] = []
    private var (count, sum) = (0, 0.0)

    package init(vocabularySize: Int) { uniformLoss = RowKernels.log(Double(vocabularySize)) }

    /// Whether the mean of the last losses is too large. A model of equally probable tokens must not be above by rounding.
    private var isAbove: Bool { !(sum <= uniformLoss * Double(recent.count) * (1 + 1e-6)) }

    /// Adds the losses of the next tokens, in nats, before the cache and n-grams.
    package mutating func add(_ losses: [Double]) {
        for loss in losses where found == nil {
            if count < Self.span {
                recent.append(loss)
            } else {
                sum -= recent[count % Self.span]
                recent[count % Self.span] = loss
            }
            sum += loss
            count += 1
            if count >= Self.span, isAbove { found = count - Self.span + 1 }
        }
    }
}
