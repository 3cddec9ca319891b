/// The valid values of an option among those of its type. Declared once, with the option.
public struct ValueRange<Value: Sendable>: Sendable {
    /// Completes "must be": `a whole number from 1 to 1000`.
    public let description: String
    /// The two ends of the range, as on the command line. Both are valid. Tests use them.
    package let ends: [String]
    package let contains: @Sendable (Value) -> Bool

    package init(description: String, ends: [String], contains: @escaping @Sendable (Value) -> Bool) {
        self.description = description
        self.ends = ends
        self.contains = contains
    }
}

extension ValueRange where Value == Int {
    /// The maximum of most counts, so that sums and products of counts stay below 2^63.
    public static let most = 1_000_000_000

    /// Whole numbers within `limits`, and 0 if it has a meaning: `.whole(1...1000, orZero: "for no limit")`.
    public static func whole(_ limits: ClosedRange<Int>, orZero meaning: String? = nil) -> ValueRange {
        ValueRange(
            description: "a whole number from \(limits.lowerBound) to \(limits.upperBound)" + zeroText(meaning),
            ends: (meaning == nil ? [] : ["0"]) + ["\(limits.lowerBound)", "\(limits.upperBound)"],
            contains: { limits.contains($0) || (meaning != nil && $0 == 0) })
    }
}

extension ValueRange where Value == Double {
    /// The magnitudes of numbers other than 0. They are normal numbers in single precision, which models use.
    private static let magnitudes = 1e-30...1e30

    /// Numbers from 1e-30 to `upper`, and 0 if it has a meaning.
    public static func number(upTo upper: Double = 1e30, orZero meaning: String? = nil) -> ValueRange {
        let limits = magnitudes.lowerBound...upper
        return ValueRange(
            description: "a number from \(text(limits.lowerBound)) to \(text(upper))" + zeroText(meaning),
            ends: (meaning == nil ? [] : ["0"]) + [text(limits.lowerBound), text(upper)],
            contains: { limits.contains($0) || (meaning != nil && $0 == 0) })
    }

    /// Numbers from 1e-30 to below 1, also after rounding to single precision, and 0.
    public static func fraction(orZero meaning: String) -> ValueRange {
        ValueRange(
            description:
                "a number from \(text(magnitudes.lowerBound)) to 0.99999994, the largest value below 1 in single precision"
                + zeroText(meaning),
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

extension ValueRange where Value == String {
    /// A path: not empty, and without a NUL byte, which would end it early.
    public static let path = ValueRange(
        description: "a non-empty path", ends: [], contains: { !$0.isEmpty && !$0.utf8.contains(0) })
}

/// The text about 0 in a description: `, or 0 for no limit`.
package func zeroText(_ meaning: String?) -> String { meaning.map { ", or 0 \($0)" } ?? "" }
