public import Kinds

/// A learning rate as a pure function of where the run is.
public protocol Schedule: Kind, Sendable {
    init(_ settings: Settings)

    /// The learning rate of the next update, of a run whose rate at the start is `initialRate`.
    func rate(_ initialRate: Double, at place: SchedulePlace) -> Double
}

/// Where a run is when it asks for its learning rate.
public struct SchedulePlace: Sendable {
    /// Updates that were made: 0 at the first.
    public var updates: Int
    /// The epoch, from 1.
    public var epoch: Int
    /// Validations without an improvement so far.
    public var plateaus: Int
    /// The share of the run's steps that were made, from 0 to 1.
    public var progress: Double

    public init(updates: Int, epoch: Int, plateaus: Int, progress: Double) {
        self.updates = updates
        self.epoch = epoch
        self.plateaus = plateaus
        self.progress = progress
    }
}

/// The schedules among which `--schedule` chooses.
public enum Schedules: KindRegistry {
    /// Every schedule: a new one is a file beside this one and a line here.
    static let all: [any Schedule.Type] = [
        ConstantSchedule.self,
        StepSchedule.self,
        PlateauSchedule.self,
        InverseSchedule.self,
        InverseTimeSchedule.self,
        CosineSchedule.self,
        LinearSchedule.self,
    ]

    public static let key: ConfigurationKey = "schedule"
    public static var kinds: [any Kind.Type] { all }

    /// The schedule with this name, and its settings.
    public static func schedule(_ name: ScheduleKind, _ settings: Settings = Settings()) -> any Schedule {
        guard let schedule = all.first(where: { $0.name == name.rawValue }) else {
            preconditionFailure("\(name.rawValue) is no schedule, and yet a name of one")
        }
        return schedule.init(settings)
    }
}

public typealias ScheduleKind = KindName<Schedules>
