import Foundation

/// Numbers as readable text.
public enum NumberText {
    /// `12,345`.
    public static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return value < 0 ? "-" + result : result
    }

    /// `1 token`, `12,345 tokens`.
    public static func counted(_ value: Int, _ noun: String) -> String { "\(grouped(value)) \(plural(noun, value))" }

    /// A perplexity with this number of decimals; by default four below 10 and two above.
    public static func perplexity(_ value: Double, digits: Int? = nil) -> String {
        value == .infinity ? "over 1e308" : fixed(value, digits ?? (value < 10 ? 4 : 2))
    }

    /// With this number of decimals; `1.235e+07` from a million on.
    public static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        return String(format: abs(value) < 1e6 ? "%.\(digits)f" : "%.3e", value)
    }

    /// With this number of decimals, also from a million on, for other programs.
    public static func decimals(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// With this number of significant digits, without trailing zeros: `0.002`, `1e-05`.
    public static func significant(_ value: Double, _ digits: Int = 4) -> String { String(format: "%.\(digits)g", value) }

    /// `3m 12s`, `2h 05m`, `4d 06h`.
    public static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return String(format: "%dm %02ds", whole / 60, whole % 60)
        case ..<86400: return String(format: "%dh %02dm", whole / 3600, whole % 3600 / 60)
        default: return String(format: "%dd %02dh", whole / 86400, whole % 86400 / 3600)
        }
    }

    /// `4.7 M`; with a unit `79.6 MB`.
    public static func scaled(_ value: Double, unit: String = "") -> String {
        let (factor, prefix) = value >= 1e9 ? (1e9, "G") : value >= 1e6 ? (1e6, "M") : value >= 1e3 ? (1e3, "k") : (1, "")
        let number = value / factor
        return String(format: number < 100 && factor > 1 ? "%.1f %@%@" : "%.0f %@%@", number, prefix, unit)
            .trimmingCharacters(in: .whitespaces)
    }

    /// `1.2 GB`, `57.3 MB`, `12 kB`, in powers of 1000; beyond terabytes in scientific notation.
    public static func bytes(_ count: Double) -> String {
        if count >= 1e15 { return String(format: "%.0e TB", count / 1e12) }
        return count >= 1e12 ? String(format: "%.1f TB", count / 1e12) : scaled(count, unit: "B")
    }
}
