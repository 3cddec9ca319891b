import Failures
public import Kinds

/// How often a checkpoint is written: after a number of steps, or after a time.
public enum CheckpointInterval: Equatable, Sendable {
    case steps(Int)
    case time(TimeSpan)
}

extension CheckpointInterval: CustomStringConvertible {
    /// Parses `500` or `500 steps`, or a time with a unit as in ``TimeSpan``: `10m`, `10 minutes`, `1h`, `04:00:00`.
    ///
    /// Nil for any other text, and for values that are not positive.
    public init?(_ text: some StringProtocol) {
        let unit = text.reversed().prefix { $0.isLetter }.count
        switch text.contains(":") ? "time" : text.suffix(unit) {
        case "", "step", "steps":
            let number = text.dropLast(unit).reversed().drop { $0 == " " }.reversed()
            guard let steps = Int(String(number)), steps > 0 else { return nil }
            self = .steps(steps)
        default:
            guard let time = TimeSpan(text), time.seconds > 0 else { return nil }
            self = .time(time)
        }
    }

    /// `500 steps` or `10 minutes`. `init(_:)` parses it.
    public var description: String {
        switch self {
        case .steps(let steps): counted(steps, "step")
        case .time(let time): time.description
        }
    }
}

extension CheckpointInterval: ConfigurationScalar {
    public static var expectation: String { "steps or a time above zero, such as \"500 steps\" or \"10 minutes\"" }

    /// Also accepts a whole number without a unit, as steps.
    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .text(let text): self.init(text)
        case .integer(let integer): self.init(String(integer))
        case .number, .flag, .integers: return nil
        }
    }

    public var configurationValue: ConfigurationValue { .text(description) }
}
