public import Kinds
public import Tensors

/// `g += decay * p`. With momentum: `v = momentum * v + g` (at the first update `v = g`), `p -= rate * v`; without: `p -= rate *
/// g`.
///
/// Source: torch.optim.SGD.
public struct SGD: UpdateRule {
    public static let name = "sgd"
    public static let summary =
        "Stochastic gradient descent, `p -= rate * g`; with momentum `v = momentum * v + g`, `p -= rate * v` (torch.optim.SGD)."
    public static let settings: [any DeclaredSetting] = [RuleSettings.momentum, RuleSettings.weightDecay]

    /// With momentum, a gradient acts 1 / (1 - momentum) times.
    public var usualRate: Double { 5 * (1 - Double(momentum)) }

    private let momentum: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("sgd")

    public init(_ settings: Settings) {
        momentum = Float(settings[RuleSettings.momentum])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    public var moments: [String] { momentum == 0 ? [] : ["velocity"] }

    public var leavesZeroGradientsAlone: Bool { momentum == 0 && weightDecay == 0 }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        kernel.run(update, [momentum, weightDecay, 0, 0, 0, 0, 0, 0], bits: &bits)
    }
}
