import Foundation
import Layers
import Tensors
import Testing

/// A team whose members are threads of this process.
private final class ThreadTeam {
    let memberCount: Int
    private let shared: UnsafeMutableBufferPointer<Float>
    private let condition = NSCondition()
    private var arrived = 0
    private var completed = 0
    private let workspace = Workspace()

    init(memberCount: Int, floatCount: Int) {
        self.memberCount = memberCount
        shared = UnsafeMutableBufferPointer(start: workspace.allocate(Float.self, count: floatCount), count: floatCount)
    }

    func barrier() {
        condition.withLock {
            let number = completed
            arrived += 1
            if arrived == memberCount {
                (arrived, completed) = (0, completed + 1)
                condition.broadcast()
            }
            while completed == number { condition.wait() }
        }
    }

    func member(_ index: Int, streams: Range<Int>, of all: Int) -> StepTeam {
        let division = UnitDivision(streams: all, ownStreams: streams, member: index, memberCount: memberCount)
        return StepTeam(division: division, shared: shared, barrier: { self.barrier() })
    }

    /// Runs the work of all members concurrently.
    func run(_ work: @escaping (Int) -> Void) {
        nonisolated(unsafe) let work = work
        let done = DispatchSemaphore(value: 0)
        for index in 0..<memberCount {
            Thread {
                work(index)
                done.signal()
            }.start()
        }
        for _ in 0..<memberCount { done.wait() }
    }
}

@Suite("Recurrent steps divided among a team")
struct StepTeamTests {
    /// 40 units are two panels, the second of 8 units. 100 units are four panels, so some of five members have no unit.
    @Test(
        "Outputs, input gradients and states have the same bits as without a team, over two windows",
        arguments: LayerKind.divisible, [40, 100])
    func bits(kind: LayerKind, hiddenSize: Int) {
        let alone = LayerUnderTest(kind, hiddenSize: hiddenSize).runTwice()
        for memberCount in [2, 3, 5] {
            let streams = (0..<memberCount).map { ($0 * 5 / memberCount)..<(($0 + 1) * 5 / memberCount) }
            let found = runTwice(kind, hiddenSize: hiddenSize, streams: streams)
            for (index, own) in streams.enumerated() {
                #expect(
                    found[index].windows == alone.windows.map { LayerUnderTest.rows($0, of: own) },
                    "member \(index) of \(memberCount)")
                #expect(found[index].states == alone.states.map { Self.rows($0, of: own) }, "member \(index) of \(memberCount)")
            }
        }
        #expect(alone.windows.allSatisfy { $0.contains { $0 != 0 } })
    }

    /// The results of each member of a team.
    private func runTwice(
        _ kind: LayerKind, hiddenSize: Int, streams: [Range<Int>]
    ) -> [(windows: [[Float]], states: [[Float]])] {
        let all = LayerUnderTest.allStreams
        let division = UnitDivision(streams: all, ownStreams: streams[0], member: 0, memberCount: streams.count)
        let capacity = WindowCapacity(steps: LayerUnderTest.steps, streams: streams[0].count, training: true)
        let needs = Builder.measure(BuildSettings(capacity, division: division)) {
            _ = kind.makeLayer(RecurrentShape(inputSize: 7, hiddenSize: hiddenSize, settings: kind.settings), $0)
        }
        let team = ThreadTeam(memberCount: streams.count, floatCount: all * (needs.team?.floatsPerStream ?? 0))
        let lock = NSLock()
        nonisolated(unsafe) var found = [(windows: [[Float]], states: [[Float]])](
            repeating: ([], []), count: streams.count)
        team.run { index in
            let member = team.member(index, streams: streams[index], of: all)
            let own = LayerUnderTest(kind, hiddenSize: hiddenSize, streams: streams[index], team: member).runTwice()
            lock.withLock { found[index] = own }
        }
        return found
    }

    /// The rows of some streams in a matrix with one row for each stream.
    private static func rows(_ all: [Float], of streams: Range<Int>) -> [Float] {
        let columns = all.count / LayerUnderTest.allStreams
        return Array(all[(streams.lowerBound * columns)..<(streams.upperBound * columns)])
    }

    @Test("Each unit belongs to one member, in whole panels, as evenly as possible", arguments: [1, 31, 32, 33, 650, 1500])
    func units(hiddenSize: Int) {
        for memberCount in 1...9 {
            let parts = (0..<memberCount).map {
                UnitDivision(streams: 1, ownStreams: 0..<1, member: $0, memberCount: memberCount).units(of: hiddenSize)
            }
            #expect(parts.flatMap { Array($0) } == Array(0..<hiddenSize))
            #expect(parts.allSatisfy { $0.isEmpty || $0.lowerBound % 32 == 0 })
            let panels = parts.map { ($0.count + 31) / 32 }
            #expect(panels.max()! - panels.min()! <= 1)
        }
    }
}
