import Failures

/// How often a checkpoint is written: after so many steps, or after so many minutes.
public enum CheckpointInterval: Equatable, Sendable {
    case steps(Int)
    case minutes(Double)
}

extension CheckpointInterval: CustomStringConvertible {
    /// Reads `500`, `500 steps`, `10m` or `10 minutes`; nil for all else, and for what is not above zero.
    public init?(_ text: some StringProtocol) {
        let unit = text.reversed().prefix { $0.isLetter }.count
        let number = text.dropLast(unit)
        let count = String(number.prefix { $0 != " " })
        switch text.suffix(unit) {
        case "", "step", "steps":
            guard let steps = Int(count), steps > 0 else { return nil }
            self = .steps(steps)
        case "m", "min", "minute", "minutes":
            guard let minutes = Double(count), minutes > 0, minutes.isFinite else { return nil }
            self = .minutes(minutes)
        default:
            return nil
        }
    }

    /// Whether any time or step passes between two checkpoints.
    var isPositive: Bool {
        switch self {
        case .steps(let steps): steps > 0
        case .minutes(let minutes): minutes > 0 && minutes.isFinite
        }
    }

    /// `500 steps` or `10 minutes`, which `init(_:)` reads again.
    public var description: String {
        switch self {
        case .steps(let steps): counted(steps, "step")
        case .minutes(1): "1 minute"
        case .minutes(let minutes): "\(Int(exactly: minutes).map { String($0) } ?? String(minutes)) minutes"
        }
    }
}

extension CheckpointInterval: ConfigurationScalar {
    public static var expectation: String { "steps or minutes above zero, such as \"500 steps\" or \"10 minutes\"" }

    /// Takes a bare whole number too: steps.
    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .text(let text): self.init(text)
        case .integer(let integer): self.init(String(integer))
        case .number, .flag: return nil
        }
    }

    public var configurationValue: ConfigurationValue { .text(description) }
}
