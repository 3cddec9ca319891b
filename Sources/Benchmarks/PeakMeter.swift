import Communication
import Tensors

/// Measures the FMA peak of all cores that the ranks run on, together.
///
/// Each rank executes fused multiply-adds in registers for about 50 ms of wall time, so that other load on the machine reduces the peak as
/// much as the steps. On a host with a core for each rank, the rates of the ranks are added. On a host with more ranks than cores, ranks
/// share cores, and the rate is the number of operations of all its ranks divided by the time from the first start to the last end. No core
/// counts twice.
struct PeakMeter {
    /// The number of cores that all ranks can use at a time: the minimum of ranks and cores of each host, summed over hosts.
    let coreCount: Int
    private let world: World
    private let coresOfHost: [Int]
    private let precision: Precision
    private let rounds: Int

    /// Nanoseconds of a sample on an unshared core.
    private static let duration: Int64 = 50_000_000

    /// The peak for products of this precision. Collective.
    init(world: World, precision: Precision) throws {
        self.world = world
        self.precision = precision
        coresOfHost = try world.coresOfHosts()
        coreCount = zip(world.hosts, coresOfHost).reduce(0) { $0 + min($1.0.count, $1.1) }
        rounds = try world.broadcast(Self.roundsOfSample(precision))
    }

    /// 10^9 operations per second of all ranks together; the same on all ranks. `barrier` waits for all ranks. Collective.
    func sample(barrier: () throws -> Void) throws -> Double {
        try barrier()
        let start = MonotonicClock.nanoseconds
        CoreLimits.multiplyAdd(rounds: rounds, precision)
        let time = RankTime(start: start, end: MonotonicClock.nanoseconds)
        try barrier()
        let times = try world.allgather(time)
        let operations = rounds * CoreLimits.operationsPerRound(precision)
        return zip(world.hosts, coresOfHost).reduce(0) {
            $0 + HostPeak(operations: operations, cores: $1.1, times: Array(times[$1.0])).gigaflops
        }
    }

    /// The number of rounds of a sample, determined by runs of increasing length until one is long enough to time.
    private static func roundsOfSample(_ precision: Precision) -> Int {
        var rounds = 64
        while true {
            let start = MonotonicClock.nanoseconds
            CoreLimits.multiplyAdd(rounds: rounds, precision)
            let elapsed = MonotonicClock.nanoseconds - start
            if elapsed > duration / 50 { return max(1, Int(Int64(rounds) * duration / elapsed)) }
            rounds *= 2
        }
    }
}

/// The start and the end of a rank's part of a sample, by the clock of its host, in nanoseconds.
package struct RankTime: BitwiseCopyable {
    var start: Int64
    var end: Int64

    package init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }
}

/// The work of the ranks of one host in a sample.
package struct HostPeak {
    /// Floating-point operations of each rank.
    var operations: Int
    /// The number of cores that the ranks may run on.
    var cores: Int
    var times: [RankTime]

    package init(operations: Int, cores: Int, times: [RankTime]) {
        self.operations = operations
        self.cores = cores
        self.times = times
    }

    /// 10^9 operations per second of these ranks. No core counts twice.
    package var gigaflops: Double {
        guard times.count > cores else { return times.reduce(0) { $0 + Double(operations) / Double($1.end - $1.start) } }
        let first = times.map(\.start).min() ?? 0
        let last = times.map(\.end).max() ?? 0
        return Double(times.count * operations) / Double(last - first)
    }
}
