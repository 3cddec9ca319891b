public import Kinds

/// The settings that several schedules use.
public enum ScheduleSettings {
    public static let decay = Setting(
        "decay", 0.5, range: .number(upTo: 1), placeholder: "x", onResume: .free, unread: .ignored,
        "Factor by which the schedule multiplies the learning rate.")

    public static let decayRate = Setting(
        "decay-rate", 1e-4, range: .number(orZero: "for a constant rate"), placeholder: "x", onResume: .free,
        unread: .ignored, "Lambda of the schedule, a decay of the learning rate per update.")

    /// `base^exponent` as a chain of products: another order of the factors would give other bits.
    static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        // The loop ends early once another factor does not change the result.
        for _ in 0..<exponent {
            let next = result * base
            if next == result { break }
            result = next
        }
        return result
    }
}
