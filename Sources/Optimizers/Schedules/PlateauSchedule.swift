public import Kinds

/// The rate is multiplied by `decay` after each validation without an improvement.
public struct PlateauSchedule: Schedule {
    public static let name = "plateau"
    public static let summary =
        "Each validation without an improvement multiplies the rate by `decay`; if a resume chooses this schedule, the earlier validations of the run count too."
    public static let settings: [any DeclaredSetting] = [ScheduleSettings.decay]

    private let decay: Double

    public init(_ settings: Settings) { decay = settings[ScheduleSettings.decay] }

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        initialRate * ScheduleSettings.power(decay, place.plateaus)
    }
}
