public import Kinds
public import Tensors

/// Zeiler 2012: `s = decay * s + (1 - decay) * g^2`, `d = g * sqrt(a + epsilon) / sqrt(s + epsilon)`,
/// `a = decay * a + (1 - decay) * d^2`, `p -= rate * d`. The weight decay is added to the gradient.
///
/// Differs from the paper in the rate, which is 1 in the paper. Source: torch.optim.Adadelta.
public struct Adadelta: UpdateRule {
    public static let name = "adadelta"
    public static let summary =
        "Adadelta (Zeiler 2012), `d = g * sqrt(a + epsilon) / sqrt(s + epsilon)`, `p -= rate * d` over means s of g^2 and a of d^2. The paper's learning rate is 1; the weight decay is added to the gradient."
    public static let settings: [any DeclaredSetting] = [decay, epsilon, RuleSettings.weightDecay]

    public static let decay = Setting(
        "adadelta-decay", 0.9, range: .fraction(orZero: "for none"), placeholder: "x",
        "Decay of both means of squares a step, in 0 ... below 1.")
    public static let epsilon = Setting(
        "adadelta-epsilon", 1e-6, range: .number(), placeholder: "x", "Added to both means of squares under their roots.")

    public let usualRate = 1.0

    private let decay: Float
    private let epsilon: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("adadelta")

    public init(_ settings: Settings) {
        decay = Float(settings[Self.decay])
        epsilon = Float(settings[Self.epsilon])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    public var moments: [String] { ["squared_gradient", "squared_change"] }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        kernel.run(update, [decay, epsilon, weightDecay, 0, 0, 0, 0, 0], bits: &bits)
    }
}
