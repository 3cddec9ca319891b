public import Kinds
public import Tensors

/// Kingma & Ba 2015: `m = beta1 * m + (1 - beta1) * g`, `v = beta2 * v + (1 - beta2) * g^2`. With m divided by `1 - beta1^t` and
/// v by `1 - beta2^t`: `p -= rate * m / (sqrt(v) + epsilon)`. The weight decay is added to the gradient.
///
/// Source: torch.optim.Adam.
public struct Adam: UpdateRule {
    public static let name = "adam"
    public static let summary =
        "Adam (Kingma & Ba 2015), `p -= rate * m / (sqrt(v) + epsilon)` over means m of g and v of g^2, which are divided by 1 - beta1^t and 1 - beta2^t in update t; the weight decay is added to the gradient."
    public static let settings = AdamSettings.all

    private let settings: AdamSettings

    public init(_ settings: Settings) { self.settings = AdamSettings(settings) }

    public var moments: [String] { AdamSettings.moments }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        settings.update(update, isDecoupled: false, bits: &bits)
    }
}

/// The settings of Adam and AdamW.
struct AdamSettings {
    static let beta1 = Setting(
        "beta1", 0.9, range: .fraction(orZero: "for none"), placeholder: "x", unread: .ignored,
        "Decay rate of the first moment, below 1.")
    static let beta2 = Setting(
        "beta2", 0.999, range: .fraction(orZero: "for none"), placeholder: "x", unread: .ignored,
        "Decay rate of the second moment, below 1.")
    static let epsilon = Setting(
        "adam-epsilon", 1e-8, range: .number(), placeholder: "x", unread: .ignored, "Constant added to the denominator.")
    static let all: [any DeclaredSetting] = [beta1, beta2, epsilon, RuleSettings.weightDecay]
    static let moments = ["first_moment", "second_moment"]

    private let beta1: Float
    private let beta2: Float
    private let epsilon: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("adam")

    init(_ settings: Settings) {
        beta1 = Float(settings[Self.beta1])
        beta2 = Float(settings[Self.beta2])
        epsilon = Float(settings[Self.epsilon])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    func update(_ update: ElementUpdate, isDecoupled: Bool, bits: inout BitSum) {
        let correction1 = Self.correction(Double(beta1), after: update.number)
        let correction2 = Self.correction(Double(beta2), after: update.number)
        kernel.run(
            update, [beta1, beta2, epsilon, correction1, correction2, weightDecay, isDecoupled ? 1 : 0, 0], bits: &bits)
    }

    /// `1 - beta^t` by repeated squaring, so its bits do not depend on libm.
    private static func correction(_ beta: Double, after t: Int) -> Float {
        var (power, square, left) = (1.0, beta, t)
        while left > 0 {
            if left & 1 == 1 { power *= square }
            square *= square
            left >>= 1
        }
        return Float(1 - power)
    }
}
