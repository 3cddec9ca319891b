import Communication

/// Where the time of one step went on one rank, in nanoseconds.
struct StepTimes: BitwiseCopyable {
    var whole: Int64
    /// Forward and backward.
    var compute: Int64
    /// Ordered sum and norm, without the waiting.
    var reduce: Int64
    /// Clipping and update of the owned parameters, and their publication, without the waiting.
    var update: Int64
    /// In barriers, for other ranks.
    var wait: Int64
}

/// The time of a step, in milliseconds: means over the ranks, so that the parts add up to the whole.
///
/// Ranks end a step together, at its last barrier; where they take turns on cores, they begin the next one by and by.
public struct StepParts: Sendable {
    public internal(set) var whole: Double
    /// Forward and backward.
    public internal(set) var compute: Double
    /// Ordered sum and norm, without the waiting.
    public internal(set) var reduce: Double
    /// Clipping and update, without the waiting.
    public internal(set) var update: Double
    /// In barriers, for other ranks.
    public internal(set) var wait: Double

    /// One step, from the times of all ranks.
    init(ranks: [StepTimes]) {
        func mean(_ part: (StepTimes) -> Int64) -> Double {
            Double(ranks.reduce(0) { $0 + part($1) }) / Double(ranks.count) / 1e6
        }
        whole = mean(\.whole)
        compute = mean(\.compute)
        reduce = mean(\.reduce)
        update = mean(\.update)
        wait = mean(\.wait)
    }

    /// The median of each part over steps.
    init(medianOf steps: [StepParts]) {
        whole = steps.map(\.whole).median
        compute = steps.map(\.compute).median
        reduce = steps.map(\.reduce).median
        update = steps.map(\.update).median
        wait = steps.map(\.wait).median
    }

    /// A part's share of the step.
    public func share(_ part: Double) -> Double { part / whole }
}
