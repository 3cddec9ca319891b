/// The values that an option takes, of those that its type has. Declared once, with the option, and checked in one place.
public struct ValueRange<Value: Sendable>: Sendable {
    /// Completes "must be": `a whole number from 1 to 1000`.
    public let description: String
    /// The ends of the range, as one types them; each is in the range. Tests try them.
    package let ends: [String]
    let contains: @Sendable (Value) -> Bool
}

extension ValueRange where Value: ConfigurationScalar {
    /// The value that a command line gives for an option that is no key of a configuration. Throws `invalidOption`.
    public func value(_ argument: String, of option: String) throws(ConfigurationError) -> Value {
        guard let value = Value(argumentText: argument), contains(value) else {
            throw .invalidOption(option: option, value: argument, expected: description)
        }
        return value
    }
}

extension ValueRange where Value == Int {
    /// More of anything that is counted than a run has: sums and products of such counts stay below 2^63.
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
    /// The ends of what a number other than 0 may be by size. Both, their squares but one, and what steps make of them are
    /// normal numbers in single precision, in which models are computed.
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

    /// Numbers of either sign from -1e30 to 1e30; those nearer to 0 than 1e-30 are only 0 itself.
    public static let signed = ValueRange(
        description: "0, or a number from 1e-30 to 1e30 or from -1e30 to -1e-30",
        ends: ["-1e30", "-1e-30", "0", "1e-30", "1e30"],
        contains: { $0 == 0 || magnitudes.contains(abs($0)) })

    /// As short as it goes: `1`, `1e-30`.
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
    /// From a step, or a thousandth of a minute.
    static let interval = ValueRange(
        description:
            "a number of steps from 1 to 1000000000, such as 500 or \"500 steps\", or of minutes from 0.001 to 1000000, such as "
            + "10m or \"10 minutes\"",
        ends: ["1 step", "1000000000 steps", "0.001 minutes", "1000000 minutes"],
        contains: {
            switch $0 {
            case .steps(let steps): (1...ValueRange<Int>.most).contains(steps)
            case .minutes(let minutes): (0.001...1_000_000).contains(minutes)
            }
        })
}

extension ValueRange where Value == String {
    /// A path: not empty, and without the zero that would end it early.
    static let path = ValueRange(
        description: "a path, which is not empty", ends: [], contains: { !$0.isEmpty && !$0.utf8.contains(0) })
}

/// `, or 0 for no limit`.
private func zeroText(_ meaning: String?) -> String { meaning.map { ", or 0 \($0)" } ?? "" }
