/// The values that an option accepts, among those of its type. Declared once, with the option, and checked in one place.
public struct ValueRange<Value: Sendable>: Sendable {
    /// Completes "must be": `a whole number from 1 to 1000`.
    public let description: String
    /// The ends of the range, as typed on the command line. Both are in the range. Tests use them.
    package let ends: [String]
    let contains: @Sendable (Value) -> Bool
}

extension ValueRange where Value: ConfigurationScalar {
    /// The value of a command-line argument, for an option that is not a key of a configuration. Throws `invalidOption`.
    public func value(_ argument: String, of option: String) throws(ConfigurationError) -> Value {
        guard let value = Value(argumentText: argument), contains(value) else {
            throw .invalidOption(option: option, value: argument, expected: description)
        }
        return value
    }
}

extension ValueRange where Value == Int {
    /// The maximum of most counts, so that sums and products of counts stay below 2^63.
    public static let most = 1_000_000_000

    /// Whole numbers within `limits`, and 0 where that has a meaning: `.whole(1...1000, orZero: "for no limit")`.
    public static func whole(_ limits: ClosedRange<Int>, orZero meaning: String? = nil) -> ValueRange {
        ValueRange(
            description: "a whole number from \(limits.lowerBound) to \(limits.upperBound)" + zeroText(meaning),
            ends: (meaning == nil ? [] : ["0"]) + ["\(limits.lowerBound)", "\(limits.upperBound)"],
            contains: { limits.contains($0) || (meaning != nil && $0 == 0) })
    }
}

extension ValueRange where Value == Double {
    /// The magnitudes of numbers other than 0. They are normal numbers in single precision, in which models are computed.
    private static let magnitudes = 1e-30...1e30

    /// Numbers from 1e-30 to `upper`, and 0 where that has a meaning.
    public static func number(upTo upper: Double = 1e30, orZero meaning: String? = nil) -> ValueRange {
        let limits = magnitudes.lowerBound...upper
        return ValueRange(
            description: "a number from \(text(limits.lowerBound)) to \(text(upper))" + zeroText(meaning),
            ends: (meaning == nil ? [] : ["0"]) + [text(limits.lowerBound), text(upper)],
            contains: { limits.contains($0) || (meaning != nil && $0 == 0) })
    }

    /// Numbers from 1e-30 to below 1, also when they are rounded to single precision; and 0.
    public static func fraction(orZero meaning: String) -> ValueRange {
        ValueRange(
            description: "a number from \(text(magnitudes.lowerBound)) to below 1" + zeroText(meaning),
            ends: ["0", text(magnitudes.lowerBound), "0.9999999"],
            contains: { $0 == 0 || ($0 >= magnitudes.lowerBound && Float($0) < 1) })
    }

    /// 0, and numbers of either sign with a magnitude from 1e-30 to 1e30.
    public static let signed = ValueRange(
        description: "0, or a number from 1e-30 to 1e30 or from -1e30 to -1e-30",
        ends: ["-1e30", "-1e-30", "0", "1e-30", "1e30"],
        contains: { $0 == 0 || magnitudes.contains(abs($0)) })

    /// In short form: `1`, `1e-30`.
    private static func text(_ number: Double) -> String {
        let plain = Int(exactly: number).flatMap { abs($0) < 1_000_000 ? "\($0)" : nil }
        return plain ?? "\(number)".replacing("e+", with: "e").replacing(".0e", with: "e")
    }
}

extension ValueRange where Value == TimeSpan {
    /// From a second to 1000 days, and 0 where that has a meaning.
    public static func time(orZero meaning: String? = nil) -> ValueRange {
        let limits = 1.0...86_400_000
        return ValueRange(
            description: "a time from 1 second to 1000 days, such as \"5 minutes\", 90s or 04:00:00" + zeroText(meaning),
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

extension ValueRange where Value == String {
    /// A path: not empty, and without a zero byte, which would end it early.
    static let path = ValueRange(
        description: "a non-empty path", ends: [], contains: { !$0.isEmpty && !$0.utf8.contains(0) })
}

/// `, or 0 for no limit`.
private func zeroText(_ meaning: String?) -> String { meaning.map { ", or 0 \($0)" } ?? "" }
