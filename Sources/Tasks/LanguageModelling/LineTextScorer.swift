import Models
import Tensors
import TextData

/// Scores a text whose lines are texts of their own.
///
/// Process i of n scores the lines whose number is i modulo n. A line that does not end in a piece goes on in the next, in the process that has its
/// state.
final class LineTextScorer: TextScorer {
    let pieceLength = 4096
    private let scorer: StreamScorer
    private let lineEnd: Int32
    private var total: TextScore
    private var line = 0
    /// The last token of the piece before.
    private var previous: Int32
    private var tokens: [Int32] = []
    private let steps: Int
    private let inputs: UnsafeMutableBufferPointer<Int32>  // [steps + 1]
    private let workspace = Workspace()

    /// - Parameter lineEnd: the token that ends a line, and stands before the first.
    init(_ model: SequenceModel, _ special: SpecialTokens, lineEnd: Int32) {
        scorer = StreamScorer(model)
        self.lineEnd = lineEnd
        total = TextScore(special)
        previous = lineEnd
        steps = model.capacity.steps
        inputs = .init(start: workspace.allocate(Int32.self, count: steps + 1), count: steps + 1)
        tokens.reserveCapacity(pieceLength)
    }

    /// The losses of the tokens of this process's lines, and 0 for the others.
    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) -> [Double] {
        tokens.removeAll(keepingCapacity: true)
        tokens.append(contentsOf: piece)
        var losses = [Double](repeating: 0, count: piece.count)
        var start = 0
        while start < piece.count {
            let most = min(start + steps, piece.count)
            let lineEnd = piece[start..<most].firstIndex(of: lineEnd)
            let part = start..<(lineEnd.map { $0 + 1 } ?? most)
            if line % share.count == share.index { score(piece, part, into: &losses) }
            if lineEnd != nil {
                line += 1
                scorer.reset()
            }
            start = part.upperBound
        }
        previous = piece.last ?? previous
        return losses
    }

    private func score(_ piece: UnsafeBufferPointer<Int32>, _ part: Range<Int>, into losses: inout [Double]) {
        inputs[0] = part.lowerBound == 0 ? previous : piece[part.lowerBound - 1]
        for (index, place) in part.enumerated() { inputs[index + 1] = piece[place] }
        let found = scorer.losses(inputs.baseAddress!, steps: part.count, rows: 0..<part.count)
        for (index, place) in part.enumerated() { losses[place] = found[index] }
    }

    func add(_ parts: [ArraySlice<Double>]) {
        total.add(parts.sums(count: tokens.count), of: tokens, count: tokens.count)
    }

    var score: any TaskScore { total }
}
