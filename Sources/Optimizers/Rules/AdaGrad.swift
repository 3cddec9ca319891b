public import Kinds
public import Tensors

/// Duchi et al. 2011: `s += g^2`, `p -= rate * g / (sqrt(s) + epsilon)`. The weight decay is added to the gradient.
///
/// Source: torch.optim.Adagrad, with an initial sum of 0 and without decay of the rate.
public struct AdaGrad: UpdateRule {
    public static let name = "adagrad"
    public static let summary =
        "AdaGrad (Duchi et al. 2011), `p -= rate * g / (sqrt(s) + epsilon)` over the sum s of g^2; the weight decay is added to the gradient."
    public static let settings: [any DeclaredSetting] = [epsilon, RuleSettings.weightDecay]

    public static let epsilon = Setting(
        "adagrad-epsilon", 1e-10, range: .number(), placeholder: "x", "Added to the root of the sum of squares.")

    public let usualRate = 0.05

    private let epsilon: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("adagrad")

    public init(_ settings: Settings) {
        epsilon = Float(settings[Self.epsilon])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    public var moments: [String] { ["squared_gradients"] }

    public var leavesZeroGradientsAlone: Bool { weightDecay == 0 }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        kernel.run(update, [epsilon, weightDecay, 0, 0, 0, 0, 0, 0], bits: &bits)
    }
}
