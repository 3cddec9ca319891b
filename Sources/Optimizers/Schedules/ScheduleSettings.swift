public import Kinds

/// The settings that several schedules read.
public enum ScheduleSettings {
    public static let decay = Setting(
        "decay", 0.5, range: .number(upTo: 1), placeholder: "x", onResume: .free, unread: .ignored,
        "Factor by which the schedule multiplies the learning rate.")

    public static let decayRate = Setting(
        "decay-rate", 1e-4, range: .number(orZero: "for a constant rate"), placeholder: "x", onResume: .free,
        unread: .ignored, "Lambda of the schedule, a decay of the learning rate per update.")

    /// `base^exponent`, factor by factor, since no other order of products gives the same bits.
    static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        // It ends early where another factor changes nothing.
        for _ in 0..<exponent {
            let next = result * base
            if next == result { break }
            result = next
        }
        return result
    }
}
