public import Tensors

/// How ranks divide the steps of a recurrence among them: each works on some hidden units, for the streams of all.
///
/// A step's product has few rows and takes about as long as reading the recurrent weights. Ranks that work on their own streams read all
/// weights each, at every step; ranks that work on units of their own read their part, which a core's cache may hold from step to step.
/// An output is the same chain of multiply-adds whoever makes it, so that the bits do not depend on the division.
public struct UnitDivision: Sendable, Equatable {
    /// Streams of all ranks of the team.
    public let streams: Int
    /// This rank's streams among them.
    public let ownStreams: Range<Int>
    /// This rank's number in the team.
    public let member: Int
    /// Ranks of the team.
    public let memberCount: Int

    public init(streams: Int, ownStreams: Range<Int>, member: Int, memberCount: Int) {
        precondition(ownStreams.upperBound <= streams && member < memberCount, "member \(member) of \(memberCount)")
        self.streams = streams
        self.ownStreams = ownStreams
        self.member = member
        self.memberCount = memberCount
    }

    /// This rank's part of `hiddenSize` units, in whole panels but for the last; may be empty.
    public func units(of hiddenSize: Int) -> Range<Int> {
        let panels = Self.panelCount(hiddenSize)
        let first = member * panels / memberCount * PackedMatrix.panelWidth
        let end = (member + 1) * panels / memberCount * PackedMatrix.panelWidth
        return min(first, hiddenSize)..<min(end, hiddenSize)
    }

    /// The most ranks that a team should have: each with two panels of units at least.
    public static func mostMembers(hiddenSize: Int) -> Int { max(1, panelCount(hiddenSize) / 2) }

    private static func panelCount(_ hiddenSize: Int) -> Int {
        (hiddenSize + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth
    }
}

/// The ranks of a node, or some of them, that work on a recurrence together: on its steps and on the gradients of its parameters.
///
/// A rank makes the rows of the gradients that belong to its units, from the window's rows of all streams; so each element is
/// written once, and added up over the team's shards where it is made.
public final class StepTeam {
    public let division: UnitDivision
    /// Waits until every rank of the team has called it; what was written before is seen by all afterwards.
    public let meet: () -> Void
    /// Which of all streams' rows belong to which of the team's shards; nil for inference.
    public let rows: GradientRows?
    /// Memory of all its ranks; zero at first.
    private let shared: UnsafeMutableBufferPointer<Float>
    /// Floats that `StepRing` may use, from the start on; what comes behind is taken.
    private var free: Int

    /// - Parameters:
    ///   - shared: memory of all ranks of the team, zero at first: a `StepRing`, and what is taken of it by name.
    ///   - rows: needed for backward passes, from which no rank may come to the next forward pass before all have ended theirs.
    public init(
        division: UnitDivision, rows: GradientRows?, shared: UnsafeMutableBufferPointer<Float>, meet: @escaping () -> Void
    ) {
        self.division = division
        self.rows = rows
        self.shared = shared
        self.meet = meet
        free = shared.count
    }

    /// What is left for a ring that the layers use in turn.
    var ringPart: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(rebasing: shared[..<free]) }

    /// A matrix of the team's own; all its ranks take the same ones in the same order.
    func takeMatrix(rows: Int, columns: Int) -> MatrixView {
        let stride = Self.stride(columns)
        return MatrixView(take(rows * stride), rows: rows, columns: columns, rowStride: stride)
    }

    /// The same for tokens.
    public func takeTokens(count: Int) -> UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(take(count)).bindMemory(to: Int32.self, capacity: count)
    }

    private func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        free -= Self.lines(count)
        precondition(free >= 0, "a team of \(division.streams) streams shares \(shared.count) floats, too few")
        return shared.baseAddress! + free
    }

    // MARK: Sizes

    /// Floats that a team of so many streams shares for windows of so many steps, in layers with these inputs.
    ///
    /// `gateSets`: sets of gates whose gradients a layer has, 2 in a GRU, whose reset comes after the product.
    public static func sharedCount(
        streams: Int, steps: Int, gateCount: Int, gateSets: Int, hiddenSize: Int, inputSizes: [Int]
    ) -> Int {
        let ring = StepRing.count(streams: streams, gateColumns: gateCount * hiddenSize, hiddenSize: hiddenSize, sets: gateSets)
        return inputSizes.reduce(ring + count(tokens: steps * streams)) {
            $0 + TeamWindow.count(steps: steps, streams: streams, hiddenSize: hiddenSize, inputSize: $1)
        }
    }

    /// Floats that `takeMatrix` takes.
    static func count(rows: Int, columns: Int) -> Int { lines(rows * stride(columns)) }

    /// Floats that `takeTokens` takes.
    private static func count(tokens: Int) -> Int { lines(tokens) }

    /// Rows begin at a cache line, so that two ranks seldom write to one.
    static func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: lines(columns)) }

    private static func lines(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}
