import Communication
import Configuration
import Layers
import Models
import Tasks
import Tensors
import TextData

/// Scores the run's test text as `evaluate` does, with the same bits at any number of ranks and any batch size.
///
/// The ranks divide the work as the task's scorer does. Created before training, so that its memory is available at the end.
final class TestScoring {
    private let world: World
    private let text: TokenFile
    private let configuration: TrainingConfiguration
    private let symbols: TextSymbols
    private let extent: TextExtent?
    private let model: SequenceModel
    /// Why there is no score; nil if nothing requested a stop.
    private(set) var stopReason: StopReason?
    /// The error that kept this rank from reading a piece.
    private var fault: TextDataError?

    /// - Parameter parallel: the model whose parameters at the time of scoring are used.
    init(
        world: World, parallel: ParallelModel, text: TokenFile, _ plan: RunPlan
    ) {
        self.world = world
        self.text = text
        model = parallel.scoringModel(capacity: Self.capacity)
        (symbols, configuration, extent) = (plan.symbols, plan.configuration, plan.testExtent)
    }

    /// Windows of one stream, without a backward pass.
    private static var capacity: WindowCapacity { WindowCapacity(steps: StreamScorer.windowLength, streams: 1, training: false) }

    /// The bytes of a rank's buffers.
    var byteCount: Int { model.byteCount }

    /// The bytes of a rank's buffers for a model of this shape, without creating it.
    static func byteCount(_ shape: ModelShape, precision: Precision) -> Int {
        shape.needs(BuildSettings(capacity, precision: precision)).byteCount
    }

    /// The score; nil if any rank is asked to stop, after the current piece. Collective.
    ///
    /// If a rank cannot read the text, throws the errors of `BatchSource.fill` on all ranks.
    func score(flags: () -> StepFlags) throws -> (any TaskScore)? {
        // A scorer begins with the initial state, which may be a parameter: it is made when the parameters are those to be scored.
        let scorer = configuration.taskType.scorer(model, symbols, configuration.batching)
        let piece = UnsafeMutableBufferPointer<Int32>.allocate(capacity: min(scorer.pieceLength, max(text.count, 1)))
        defer { piece.deallocate() }
        let share = ScoringShare(index: world.rank, of: world.rankCount)
        for start in stride(from: 0, to: text.count, by: piece.count) {
            let tokens = UnsafeMutableBufferPointer(rebasing: piece[..<min(piece.count, text.count - start)])
            read(from: start, into: tokens)
            guard try goesOn(fault == nil ? flags() : .inputFault) else { return nil }
            let own = try scorer.values(
                UnsafeBufferPointer(tokens), isLast: start + tokens.count == text.count, share: share)
            let all = try world.allgather(own)
            scorer.add((0..<world.rankCount).map { all[($0 * own.count)..<(($0 + 1) * own.count)] })
            Watchdog.progress()
        }
        return extent.map { scorer.score.measured(on: $0) } ?? scorer.score
    }

    /// Reads a piece, in a job of several hosts as a wait for a disk, as `WindowBuffers.read` does.
    private func read(from start: Int, into tokens: UnsafeMutableBufferPointer<Int32>) {
        do throws(TextDataError) {
            guard Watchdog.answersOtherHosts else { return try text.read(from: start, into: tokens) }
            try Watchdog.waitingForDisk { () throws(TextDataError) in try text.read(from: start, into: tokens) }
        } catch {
            fault = error
        }
    }

    /// Whether no rank stops here. Throws on all ranks the error of a rank that could not read.
    private func goesOn(_ flags: StepFlags) throws -> Bool {
        let said = StepFlags(rawValue: try world.allgather(flags.rawValue).reduce(0, |))
        if said.contains(.inputFault) { try world.agree { if let fault { throw fault } } }
        stopReason = said.stopReason
        return stopReason == nil
    }
}
