public import Kinds

/// A constant learning rate.
public struct ConstantSchedule: Schedule {
    public static let name = "constant"
    public static let summary = "The same rate throughout."

    public init(_ settings: Settings) {}

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double { initialRate }
}
