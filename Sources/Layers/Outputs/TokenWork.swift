/// What a model, or its output layer, computes and reads for one token. `benchmark` compares it with the peak of the cores and with the
/// speed of memory.
public struct TokenWork: Sendable, Equatable {
    /// Floating-point operations of the products with weights in training, forward and backward, as the mean over the targets.
    public var trainingOperations: Double
    /// The number of weights that the logits of a token are computed from.
    public var weightCount: Int
    /// The number of floats that these products read: above `weightCount` if some weights are read several times.
    public var readCount: Int

    /// - Parameter readCount: by default each weight is read once.
    public init(trainingOperations: Double, weightCount: Int, readCount: Int? = nil) {
        (self.trainingOperations, self.weightCount, self.readCount) = (trainingOperations, weightCount, readCount ?? weightCount)
    }

    /// Products of `weightCount` weights with each token, in training as for logits.
    public init(weightCount: Int) {
        self.init(trainingOperations: Self.trainingOperations(weights: Double(weightCount)), weightCount: weightCount)
    }

    /// Operations of the products of a token with so many weights: a multiplication and an addition for each weight, in the forward pass, for the
    /// gradient of the input, and for that of the weight.
    static func trainingOperations(weights: Double) -> Double { 6 * weights }

    /// The work of two parts of a model.
    public static func + (a: TokenWork, b: TokenWork) -> TokenWork {
        TokenWork(
            trainingOperations: a.trainingOperations + b.trainingOperations, weightCount: a.weightCount + b.weightCount,
            readCount: a.readCount + b.readCount)
    }
}
