public import Kinds

/// The rate is multiplied by `decay` at the start of each epoch after `decay-after` (Zaremba et al. 2014).
public struct StepSchedule: Schedule {
    public static let name = "step"
    public static let summary = "Each epoch after `decay-after` multiplies the rate by `decay` (Zaremba et al. 2014)."
    public static let settings: [any DeclaredSetting] = [ScheduleSettings.decay, decayAfter]

    public static let decayAfter = Setting(
        "decay-after", 4, range: .whole(1...ValueRange.most, orZero: "for no such epoch"), placeholder: "n", onResume: .free,
        unread: .ignored, "Epochs at the full learning rate; each later epoch multiplies the rate by --decay.")

    private let decay: Double
    private let decayAfter: Int

    public init(_ settings: Settings) {
        decay = settings[ScheduleSettings.decay]
        decayAfter = settings[Self.decayAfter]
    }

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        initialRate * ScheduleSettings.power(decay, max(0, place.epoch - decayAfter))
    }
}
