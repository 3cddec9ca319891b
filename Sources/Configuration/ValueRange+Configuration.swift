public import Kinds

extension ValueRange where Value: ConfigurationScalar {
    /// Parses an argument of an option that is not a configuration key. Throws `invalidOption`.
    public func value(_ argument: String, of option: String) throws(ConfigurationError) -> Value {
        guard let value = Value(argumentText: argument), contains(value) else {
            throw .invalidOption(option: option, value: argument, expected: description)
        }
        return value
    }
}

extension ValueRange where Value == TimeSpan {
    /// From one second to 1000 days, and 0 if it has a meaning.
    public static func time(orZero meaning: String? = nil) -> ValueRange {
        let limits = 1.0...86_400_000
        return ValueRange(
            description: "a time from 1 second to 1000 days, such as \"5 minutes\", 90s, 04:00:00 or 1-12:00:00"
                + zeroText(meaning),
            ends: (meaning == nil ? [] : ["0"]) + ["1 second", "1000 days"],
            contains: { limits.contains($0.seconds) || (meaning != nil && $0.seconds == 0) })
    }
}

extension ValueRange where Value == CheckpointInterval {
    /// From one step, or from a hundredth of a second to 1000 days.
    static let interval = ValueRange(
        description:
            "a number of steps from 1 to 1000000000, such as 500 or \"500 steps\", or a time from 0.01 seconds to 1000 days, such as "
            + "90s, 10m, 1h or \"10 minutes\"",
        ends: ["1 step", "1000000000 steps", "0.01 seconds", "1000 days"],
        contains: {
            switch $0 {
            case .steps(let steps): (1...ValueRange<Int>.most).contains(steps)
            case .time(let time): (0.01...86_400_000).contains(time.seconds)
            }
        })
}
