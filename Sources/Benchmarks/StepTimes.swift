import Communication

/// The parts of the time of one step on one rank, in nanoseconds.
struct StepTimes: BitwiseCopyable {
    var whole: Int64
    /// Forward and backward pass.
    var compute: Int64
    /// The ordered sum and the norm, without waiting.
    var reduce: Int64
    /// Clipping, update and publication of the owned parameters, without waiting.
    var update: Int64
    /// Waiting for other ranks in barriers.
    var wait: Int64
}

/// The parts of the time of a step, in milliseconds, as means over the ranks, so that the parts add up to the total.
///
/// All ranks end a step together, at its last barrier. If ranks share cores, they begin the next step one after another.
public struct StepParts: Sendable {
    /// The whole step.
    public internal(set) var whole: Double
    /// Forward and backward pass.
    public internal(set) var compute: Double
    /// The ordered sum and the norm, without waiting.
    public internal(set) var reduce: Double
    /// Clipping and update, without waiting.
    public internal(set) var update: Double
    /// Waiting for other ranks in barriers.
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

    /// The median of each part over all steps.
    init(medianOf steps: [StepParts]) {
        whole = steps.map(\.whole).median
        compute = steps.map(\.compute).median
        reduce = steps.map(\.reduce).median
        update = steps.map(\.update).median
        wait = steps.map(\.wait).median
    }

    /// The share of a part in the step.
    public func share(_ part: Double) -> Double { part / whole }
}
