package import Models
import Tensors
import TextData

/// Scores a text as one stream.
///
/// The recurrence of one stream is serial, so every process runs it; they divide the rows of the output layer.
package final class StreamTextScorer: TextScorer {
    private let scorer: StreamScorer
    private var total: TextScore
    private var last: Int32?
    /// The tokens of the piece that are predicted.
    private var targets: [Int32] = []
    private let inputs: UnsafeMutableBufferPointer<Int32>  // [pieceLength + 1]
    private let workspace = Workspace()
    package let pieceLength: Int

    /// - Parameter pieceLength: steps of a window, on which the score does not depend; by default those of the model.
    package init(_ model: SequenceModel, _ special: SpecialTokens, pieceLength: Int? = nil) {
        scorer = StreamScorer(model)
        total = TextScore(special)
        self.pieceLength = min(pieceLength ?? StreamScorer.windowLength, model.capacity.steps)
        let count = self.pieceLength + 1
        inputs = .init(start: workspace.allocate(Int32.self, count: count), count: count)
        targets.reserveCapacity(count)
    }

    package func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) -> [Double] {
        let known = last == nil ? 0 : 1
        if let last { inputs[0] = last }
        for (index, token) in piece.enumerated() { inputs[index + known] = token }
        let steps = piece.count + known - 1
        last = piece.last ?? last
        targets.removeAll(keepingCapacity: true)
        guard steps > 0 else { return [] }
        targets.append(contentsOf: inputs[1...steps])
        let most = (steps + share.count - 1) / share.count
        let rows = min(share.index * most, steps)..<min((share.index + 1) * most, steps)
        let losses = scorer.losses(inputs.baseAddress!, steps: steps, rows: rows)
        return Array(UnsafeBufferPointer(start: losses, count: rows.count)) + [Double](repeating: 0, count: most - rows.count)
    }

    package func add(_ parts: [ArraySlice<Double>]) {
        let losses = Array(parts.joined().prefix(targets.count))
        total.add(losses, of: targets, count: targets.count)
    }

    package var score: any TaskScore { total }
}
