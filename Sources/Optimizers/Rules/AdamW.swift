public import Kinds
public import Tensors

/// Loshchilov & Hutter 2019: Adam with decoupled weight decay, `p *= 1 - rate * decay`.
///
/// Source: torch.optim.AdamW.
public struct AdamW: UpdateRule {
    public static let name = "adamw"
    public static let summary =
        "AdamW (Loshchilov & Hutter 2019): Adam, with the weight decay apart from the gradient, `p *= 1 - rate * decay`."
    public static let settings = AdamSettings.all

    private let settings: AdamSettings

    public init(_ settings: Settings) { self.settings = AdamSettings(settings) }

    public var moments: [String] { AdamSettings.moments }

    public func update(_ update: ElementUpdate, bits: inout BitSum) {
        settings.update(update, isDecoupled: true, bits: &bits)
    }
}
