public import Kinds

/// `g / (1 + g * lambda * t)` after t updates, for the initial rate g (Bottou 2012).
public struct InverseSchedule: Schedule {
    public static let name = "inverse"
    public static let summary =
        "The rate is `g / (1 + g * lambda * t)` after t updates, with lambda = `decay-rate` (Bottou 2012)."
    public static let settings: [any DeclaredSetting] = [ScheduleSettings.decayRate]

    private let decayRate: Double

    public init(_ settings: Settings) { decayRate = settings[ScheduleSettings.decayRate] }

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        initialRate / (1 + initialRate * decayRate * Double(place.updates))
    }
}
