public import Kinds

/// The learning rate as a pure function of the run's progress.
public protocol Schedule: Kind, Sendable {
    init(_ settings: Settings)

    /// The learning rate of the next update, in a run with the initial rate `initialRate`.
    func rate(_ initialRate: Double, at place: SchedulePlace) -> Double
}

/// The progress of a run.
public struct SchedulePlace: Sendable {
    /// The number of updates so far: 0 at the first update.
    public var updates: Int
    /// The epoch, from 1.
    public var epoch: Int
    /// The number of validations without an improvement so far.
    public var plateaus: Int
    /// The share of the run's steps done so far, from 0 to 1.
    public var progress: Double

    public init(updates: Int, epoch: Int, plateaus: Int, progress: Double) {
        self.updates = updates
        self.epoch = epoch
        self.plateaus = plateaus
        self.progress = progress
    }
}

/// The schedules of `--schedule`.
public enum Schedules: KindRegistry {
    /// All schedules. To add a schedule, add a file to this folder and a line here.
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

    /// The schedule named `name`, with its settings.
    public static func schedule(_ name: ScheduleKind, _ settings: Settings = Settings()) -> any Schedule {
        let schedule = name.selected(in: all) { $0.name }
        return schedule.init(settings)
    }
}

/// The name of a schedule.
public typealias ScheduleKind = KindName<Schedules>
