import Communication
import Inference
import Tensors
import TextData

/// The losses of a text of independent lines, which are divided among the ranks.
///
/// Rank r of N scores the lines whose number is r modulo N. The text is processed in pieces. If a line continues in the next
/// piece, the same rank continues it, because that rank has the state.
struct LineScoring {
    private let world: World
    private let scorer: StreamScorer
    private let before: Int32
    private var line = 0
    private let inputs: UnsafeMutableBufferPointer<Int32>  // [windowLength + 1]
    private let workspace = Workspace()

    /// The number of tokens of a piece.
    static let pieceLength = 4096

    /// - Parameter lineEnd: the token that ends a line. It is also the input before the first token.
    init(world: World, scorer: StreamScorer, lineEnd: Int32) {
        self.world = world
        self.scorer = scorer
        before = lineEnd
        let count = StreamScorer.windowLength + 1
        inputs = .init(start: workspace.allocate(Int32.self, count: count), count: count)
    }

    /// Writes the losses of this rank's tokens of the next piece, and 0 for the tokens of other ranks.
    ///
    /// Shapes: `tokens` and `losses` `[piece]`; `previous` is the token before the piece.
    mutating func score(_ tokens: UnsafeBufferPointer<Int32>, after previous: Int32, into losses: inout [Double]) {
        var start = 0
        while start < tokens.count {
            let end = min(start + StreamScorer.windowLength, tokens.count)
            let lineEnd = tokens[start..<end].firstIndex(of: before)
            let part = start..<(lineEnd.map { $0 + 1 } ?? end)
            if line % world.rankCount == world.rank {
                score(
                    UnsafeBufferPointer(rebasing: tokens[part]), after: start == 0 ? previous : tokens[start - 1], part,
                    into: &losses)
            }
            if lineEnd != nil {
                line += 1
                scorer.reset()
            }
            start = part.upperBound
        }
    }

    private func score(
        _ tokens: UnsafeBufferPointer<Int32>, after previous: Int32, _ places: Range<Int>, into losses: inout [Double]
    ) {
        inputs[0] = previous
        for index in tokens.indices { inputs[index + 1] = tokens[index] }
        let found = scorer.losses(inputs.baseAddress!, steps: tokens.count, rows: 0..<tokens.count)
        for (index, place) in places.enumerated() { losses[place] = found[index] }
    }
}
