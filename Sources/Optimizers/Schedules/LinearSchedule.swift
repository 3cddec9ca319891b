public import Kinds

/// `g * (1 - x)` for the initial rate g, after the share x of the run's steps.
public struct LinearSchedule: Schedule {
    public static let name = "linear"
    public static let summary = "The rate is `g * (1 - x)` at the share x of the run's steps, and falls to 0."

    public init(_ settings: Settings) {}

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double { initialRate * (1 - place.progress) }
}
