import Failures
public import Kinds

/// A time span, as in options.
public struct TimeSpan: Equatable, Sendable {
    /// The length in seconds.
    public var seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    /// The units with their names. The first name is used for output.
    private static let units: [(names: [Substring], seconds: Double)] = [
        (["days", "day", "d"], 86400), (["hours", "hour", "h"], 3600), (["minutes", "minute", "min", "m"], 60),
        (["seconds", "second", "sec", "s", ""], 1),
    ]
}

extension TimeSpan: CustomStringConvertible {
    /// Parses `90` (seconds, unlike SLURM's minutes), `90s`, `1.5 hours`, and the other forms of SLURM: `05:00` (minutes and
    /// seconds), `04:00:00`, `1-12` (days and hours), `1-12:00` and `1-12:00:00`. Nil for any other text.
    public init?(_ text: some StringProtocol) {
        guard let seconds = Self.clock(text) ?? Self.amount(text) else { return nil }
        self.seconds = seconds
    }

    private static func amount(_ text: some StringProtocol) -> Double? {
        let letters = text.reversed().prefix { $0.isLetter }.count
        let unit = Substring(text.suffix(letters))
        let number = text.dropLast(letters).prefix { $0 != " " }
        guard let factor = units.first(where: { $0.names.contains(unit) })?.seconds, let count = Double(spelled: String(number)),
            count >= 0, count.isFinite, text.dropLast(letters).dropFirst(number.count).allSatisfy({ $0 == " " })
        else { return nil }
        return count * factor
    }

    /// A number of digits alone, without a sign.
    private static func digits(_ text: some StringProtocol) -> UInt32? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt32(String(text)) : nil
    }

    private static func clock(_ text: some StringProtocol) -> Double? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let fields = parts.last!.split(separator: ":", omittingEmptySubsequences: false).map { digits($0) }
        let hasDays = parts.count == 2
        guard parts.count <= 2, ((hasDays ? 1 : 2)...3).contains(fields.count), !fields.contains(nil) else { return nil }
        guard let days = hasDays ? digits(parts[0]) : 0 else { return nil }
        // After days, the first field is hours; without days, the last one is seconds.
        let padded = fields + Array(repeating: 0, count: hasDays ? 3 - fields.count : 0)
        return padded.reduce(0) { $0 * 60 + Double($1!) } + Double(days) * 86400
    }

    /// `5 minutes`: in the largest unit that gives a whole number. `init(_:)` parses it.
    public var description: String {
        if seconds == 0 { return "0" }
        for unit in Self.units where seconds >= unit.seconds {
            if let count = Int(exactly: seconds / unit.seconds) {
                return counted(count, String(unit.names[1]))
            }
        }
        return "\(seconds) seconds"
    }
}

extension TimeSpan: ConfigurationScalar {
    public static var expectation: String { "a time such as \"5 minutes\", \"90s\" or \"04:00:00\"" }

    /// Also accepts a bare number, as seconds.
    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .text(let text): self.init(text)
        case .integer(let integer): self.init(String(integer))
        case .number(let number): self.init(String(number))
        case .flag, .integers: return nil
        }
    }

    public var configurationValue: ConfigurationValue { .text(description) }
}
