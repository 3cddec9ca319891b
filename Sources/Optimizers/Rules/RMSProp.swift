public import Kinds
public import Tensors

/// Tieleman & Hinton 2012: `s = decay * s + (1 - decay) * g^2`, `d = g / (sqrt(s) + epsilon)`. With momentum: `v = momentum * v +
/// d`, `p -= rate * v`; without: `p -= rate * d`. The weight decay is added to the gradient.
///
/// Source: torch.optim.RMSprop, not centered.
public struct RMSProp: UpdateRule {
    public static let name = "rmsprop"
    public static let summary =
        "RMSProp (Tieleman & Hinton 2012), `p -= rate * g / (sqrt(s) + epsilon)` over the mean s of g^2, with or without momentum; the weight decay is added to the gradient."
    public static let settings: [any DeclaredSetting] = [decay, epsilon, RuleSettings.momentum, RuleSettings.weightDecay]

    public static let decay = Setting(
        "rmsprop-decay", 0.99, range: .fraction(orZero: "for none"), placeholder: "x",
        "Decay of the mean of squares a step, in 0 ... below 1.")
    public static let epsilon = Setting(
        "rmsprop-epsilon", 1e-8, range: .number(), placeholder: "x", "Added to the root of the mean of squares.")

    private let decay: Float
    private let epsilon: Float
    private let momentum: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("rmsprop")

    public init(_ settings: Settings) {
        decay = Float(settings[Self.decay])
        epsilon = Float(settings[Self.epsilon])
        momentum = Float(settings[RuleSettings.momentum])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    public var moments: [String] { momentum == 0 ? ["squared_gradient"] : ["squared_gradient", "velocity"] }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        kernel.run(update, [decay, epsilon, momentum, weightDecay, 0, 0, 0, 0], bits: &bits)
    }
}
