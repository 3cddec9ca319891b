import Communication
import Tensors

/// Measures the FMA peak of the cores that the ranks run on, of all of them at once.
///
/// Each rank runs fused multiply-adds in registers for some 50 ms by the wall clock, so that whatever else the machine does costs the
/// peak what it costs the steps. On a host with a core for each rank, the ranks' speeds add up. On a host with more ranks than
/// cores, where ranks take turns and each sees a whole core while it has one, the operations of all its ranks are divided by the time
/// from the first start to the last end: so no core counts twice.
struct PeakMeter {
    /// Cores that the ranks of all hosts can be on at a time: the lesser of ranks and cores of each host, added up.
    let coreCount: Int
    private let world: World
    private let coresOfHost: [Int]
    private let precision: Precision
    private let rounds: Int

    /// Nanoseconds of a sample on a core of its own.
    private static let duration: Int64 = 50_000_000

    /// The peak of products of this precision. Collective.
    init(world: World, precision: Precision) throws {
        self.world = world
        self.precision = precision
        let host = world.hosts.firstIndex { $0.contains(world.rank) }!
        let cores = try world.allgather(try Communicator(of: world, colour: host).coreCount())
        coresOfHost = world.hosts.map { cores[$0.lowerBound] }
        coreCount = zip(world.hosts, coresOfHost).reduce(0) { $0 + min($1.0.count, $1.1) }
        rounds = try world.broadcast(Self.roundsOfSample(precision))
    }

    /// 10^9 operations a second, of all ranks together; the same on all ranks. `barrier` waits for all ranks. Collective.
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

    /// How many rounds a sample has, from runs that grow until one can be timed.
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

/// When a rank's part of a sample ran, by the clock of its host, in nanoseconds.
package struct RankTime: BitwiseCopyable {
    var start: Int64
    var end: Int64

    package init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }
}

/// What the ranks of one host did in a sample.
package struct HostPeak {
    /// Floating-point operations of each rank.
    var operations: Int
    /// Cores that the ranks may run on.
    var cores: Int
    var times: [RankTime]

    package init(operations: Int, cores: Int, times: [RankTime]) {
        self.operations = operations
        self.cores = cores
        self.times = times
    }

    /// 10^9 operations a second of all these ranks; no core counts twice.
    package var gigaflops: Double {
        guard times.count > cores else { return times.reduce(0) { $0 + Double(operations) / Double($1.end - $1.start) } }
        let first = times.map(\.start).min() ?? 0
        let last = times.map(\.end).max() ?? 0
        return Double(times.count * operations) / Double(last - first)
    }
}
