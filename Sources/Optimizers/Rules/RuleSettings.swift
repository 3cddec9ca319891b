public import Kinds

/// The settings that several update rules use.
public enum RuleSettings {
    public static let momentum = Setting(
        "momentum", 0.0, range: .fraction(orZero: "for none"), placeholder: "x", "Momentum, below 1.")

    public static let weightDecay = Setting(
        "weight-decay", 0.0, range: .number(orZero: "for none"), placeholder: "x", "Weight decay; 0: off.")
}
