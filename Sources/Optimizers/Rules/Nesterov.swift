public import Kinds
public import Tensors

/// Sutskever et al. 2013: `g += decay * p`, `v = momentum * v + g` (at the first update `v = g`), `p -= rate * (g + momentum * v)`.
///
/// Source: torch.optim.SGD with `nesterov=True`.
public struct Nesterov: UpdateRule {
    public static let name = "nesterov"
    public static let summary =
        "SGD with Nesterov momentum (Sutskever et al. 2013), `v = momentum * v + g`, `p -= rate * (g + momentum * v)` (torch.optim.SGD). Without momentum it is sgd."
    public static let settings: [any DeclaredSetting] = [RuleSettings.momentum, RuleSettings.weightDecay]

    /// With momentum, a gradient acts 1 / (1 - momentum) times.
    public var usualRate: Double { 5 * (1 - Double(momentum)) }

    private let momentum: Float
    private let weightDecay: Float
    private let kernel = UpdateKernel("nesterov")

    public init(_ settings: Settings) {
        momentum = Float(settings[RuleSettings.momentum])
        weightDecay = Float(settings[RuleSettings.weightDecay])
    }

    public var moments: [String] { ["velocity"] }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        kernel.run(update, [momentum, weightDecay, 0, 0, 0, 0, 0, 0], bits: &bits)
    }
}
