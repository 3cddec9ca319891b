import Communication
import Inference
import Layers
import Models
import Tensors
import TextData

/// Scores the run's test text as `evaluate` does, as one stream or line by line, with the same bits at any number of ranks and
/// any batch size.
///
/// For one stream, every rank computes the recurrence. The rows of the output layer are divided among the ranks, and each rank
/// adds all losses in the order of the text. Created before training, so that its memory is available at the end.
final class TestScoring {
    private let world: World
    private let text: TokenFile
    private let special: SpecialTokens
    private let separatesLines: Bool
    private let model: LanguageModel
    private let window: UnsafeMutableBufferPointer<Int32>  // [windowLength + 1]
    private let workspace = Workspace()
    /// Why there is no score; nil if nothing requested a stop.
    private(set) var stopReason: StopReason?
    /// The error that kept this rank from reading a window.
    private var fault: TextDataError?

    private static let windowLength = StreamScorer.windowLength

    /// - Parameter parallel: the model whose parameters at the time of scoring are used.
    init(world: World, parallel: ParallelModel, text: TokenFile, special: SpecialTokens, separatesLines: Bool) {
        self.world = world
        self.text = text
        self.special = special
        self.separatesLines = separatesLines
        model = parallel.scoringModel(capacity: Self.capacity)
        let count = Self.windowLength + 1
        window = .init(start: workspace.allocate(Int32.self, count: count), count: count)
    }

    /// Windows of one stream, without a backward pass.
    private static var capacity: WindowCapacity { WindowCapacity(steps: windowLength, streams: 1, training: false) }

    /// The bytes of a rank's buffers.
    var byteCount: Int { model.byteCount }

    /// The bytes of a rank's buffers for a model of this shape, without creating it.
    static func byteCount(_ shape: ModelShape, precision: Precision) -> Int {
        shape.needs(BuildSettings(capacity, precision: precision)).byteCount
    }

    /// The score; nil if any rank is asked to stop, after the current window. Collective.
    ///
    /// If a rank cannot read the text, throws the errors of `WindowReader.fill` on all ranks.
    func score(flags: () -> StepFlags) throws -> TextScore? {
        if separatesLines, let lineEnd = special.lineEnd { return try scoreLines(lineEnd, flags: flags) }
        let scorer = StreamScorer(model)
        var score = TextScore(special)
        var start = 0
        while start + 1 < text.count {
            let steps = min(Self.windowLength, text.count - 1 - start)
            read(from: start, into: UnsafeMutableBufferPointer(rebasing: window[...steps]))
            let said = fault == nil ? flags() : .inputFault
            guard let parts = try gather(losses(scorer, steps: steps), flags: said) else { return nil }
            let losses = Array(parts.joined().prefix(steps))
            score.add(losses, of: window.baseAddress! + 1, count: steps)
            start += steps
            Watchdog.progress()
        }
        return score
    }

    /// The score of independent lines.
    private func scoreLines(_ lineEnd: Int32, flags: () -> StepFlags) throws -> TextScore? {
        var scoring = LineScoring(world: world, scorer: StreamScorer(model), lineEnd: lineEnd)
        var score = TextScore(special)
        var piece = [Int32](repeating: 0, count: min(LineScoring.pieceLength, text.count))
        var previous = lineEnd
        for start in stride(from: 0, to: text.count, by: piece.count) {
            let count = min(piece.count, text.count - start)
            var losses = [Double](repeating: 0, count: count)
            piece.withUnsafeMutableBufferPointer { piece in
                let tokens = UnsafeMutableBufferPointer(rebasing: piece[..<count])
                read(from: start, into: tokens)
                scoring.score(UnsafeBufferPointer(tokens), after: previous, into: &losses)
            }
            let said = fault == nil ? flags() : .inputFault
            guard let parts = try gather(losses, flags: said) else { return nil }
            // Each token has a loss on one rank and zeros on the others.
            let sums = (0..<count).map { place in parts.reduce(0) { $0 + $1[$1.startIndex + place] } }
            score.add(sums, of: piece, count: count)
            previous = piece[count - 1]
            Watchdog.progress()
        }
        return score
    }

    /// Reads a window. If that fails, the window is zeros, because the other ranks wait for its losses.
    private func read(from start: Int, into window: UnsafeMutableBufferPointer<Int32>) {
        do throws(TextDataError) {
            try text.read(from: start, into: window)
        } catch {
            window.update(repeating: 0)
            fault = error
        }
    }

    /// The number of rows of a window for each rank. The last ranks may have fewer.
    private func share(of steps: Int) -> Int { (steps + world.rankCount - 1) / world.rankCount }

    /// The losses of this rank's rows of the window, padded with zeros to the number of the other ranks.
    private func losses(_ scorer: StreamScorer, steps: Int) -> [Double] {
        let share = share(of: steps)
        let rows = min(world.rank * share, steps)..<min((world.rank + 1) * share, steps)
        let losses = UnsafeBufferPointer(start: scorer.losses(window.baseAddress!, steps: steps, rows: rows), count: rows.count)
        return Array(losses) + [Double](repeating: 0, count: share - rows.count)
    }

    /// The losses of all ranks in rank order, the same number from each rank; nil on all ranks if any rank stops.
    private func gather(_ own: [Double], flags: StepFlags) throws -> [ArraySlice<Double>]? {
        let all = try world.allgather(own + [Double(flags.rawValue)])
        let parts = stride(from: 0, to: all.count, by: own.count + 1).map { all[$0...($0 + own.count)] }
        let said = StepFlags(rawValue: parts.reduce(0) { $0 | Int32($1.last ?? 0) })
        if said.contains(.inputFault) { try world.agree { if let fault { throw fault } } }
        stopReason = said.stopReason
        if stopReason != nil { return nil }
        return parts.map { $0.dropLast() }
    }
}
