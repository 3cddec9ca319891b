public import Kinds

/// `g / (1 + g * lambda * t)` after t updates, for the rate g at the start (Bottou 2012).
public struct InverseSchedule: Schedule {
    public static let name = "inverse"
    public static let summary =
        "The rate is `g / (1 + g * lambda * t)` after t updates, with lambda = `decay-rate` (Bottou 2012)."
    public static let settings: [any DeclaredSetting] = [decayRate]

    public static let decayRate = Setting(
        "decay-rate", 1e-4, range: .number(orZero: "for a constant rate"), placeholder: "x", onResume: .free, unread: .ignored,
        "Lambda of the schedule: after t updates, the rate is g / (1 + g * lambda * t) with g = --learning-rate.")

    private let decayRate: Double

    public init(_ settings: Settings) { decayRate = settings[Self.decayRate] }

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        initialRate / (1 + initialRate * decayRate * Double(place.updates))
    }
}
