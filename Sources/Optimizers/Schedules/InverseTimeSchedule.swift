public import Kinds

/// `1 / (lambda * t)` at update t, but at most the initial rate (Shalev-Shwartz et al. 2007).
public struct InverseTimeSchedule: Schedule {
    public static let name = "inverse-time"
    public static let summary =
        "The rate of the t-th update is `1 / (lambda * t)`, with lambda = `decay-rate`, but at most g (Shalev-Shwartz et al. 2007)."
    public static let settings: [any DeclaredSetting] = [ScheduleSettings.decayRate]

    private let decayRate: Double

    public init(_ settings: Settings) { decayRate = settings[ScheduleSettings.decayRate] }

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        min(initialRate, 1 / (decayRate * Double(place.updates + 1)))
    }
}
