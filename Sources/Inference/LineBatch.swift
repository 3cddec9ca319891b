import Models
import NGrams
import Runs
import Tasks
import Tensors
import TextData

/// A line to score: its inputs, and the figures of its tokens so far.
struct PendingLine {
    /// All but the first are predicted. `[n + 1]`, or empty.
    let inputs: [Int32]
    /// The position in the line of the first predicted token.
    let firstPosition: Int
    /// The n-grams of an interpolation, before the first predicted token; otherwise nil.
    var context: NGramContext?
    var tokens: [ScoredToken] = []

    /// The number of predicted tokens.
    var steps: Int { max(0, inputs.count - 1) }
}

/// Scores the tokens of several lines at once, each line in a stream of a model.
///
/// A kernel computes each row in a fixed order of operations, whatever the other rows are. The figures of a line therefore have the same bits
/// in any batch of any size.
final class LineBatch {
    private let model: SequenceModel
    private let unknown: Int32?
    private let mixture: Interpolation?
    private let inputs: UnsafeMutablePointer<Int32>  // [steps, streams]
    private let targets: UnsafeMutablePointer<Int32>  // [steps, streams]
    private let mask: UnsafeMutablePointer<Float>  // [mostRows], ones
    /// With `mixture`: the probabilities of the mixture, then those of the n-grams. `[2, V]`
    private let probabilities: UnsafeMutablePointer<Double>
    private let workspace = Workspace()

    /// The number of rows whose logits are computed together.
    private static let mostRows = 64

    /// - Parameters:
    ///   - model: a model of `stored`; its streams are the most lines of a batch.
    ///   - mixture: if given, the probabilities are those of the interpolation with n-grams.
    init(_ model: SequenceModel, of stored: StoredModel, interpolating mixture: Interpolation?) {
        self.model = model
        self.mixture = mixture
        unknown = stored.vocabulary.unknownID
        inputs = workspace.allocate(Int32.self, count: model.capacity.rows)
        targets = workspace.allocate(Int32.self, count: model.capacity.rows)
        mask = workspace.allocate(Float.self, count: Self.mostRows)
        mask.update(repeating: 1, count: Self.mostRows)
        probabilities = workspace.allocate(Double.self, count: mixture == nil ? 0 : 2 * stored.vocabulary.size)
        model.resetState()
    }

    /// The most lines of a batch.
    var streams: Int { model.capacity.streams }

    /// Sets the state of all streams to the start of a text.
    func reset() { model.resetState() }

    /// Adds the figures of all tokens to the lines, of which there are at most `streams`, the longest first.
    func score(_ lines: inout [PendingLine]) {
        precondition(lines.count <= streams, "\(lines.count) lines in \(streams) streams")
        let longest = lines.first?.steps ?? 0
        for start in stride(from: 0, to: longest, by: model.capacity.steps) {
            let steps = min(model.capacity.steps, longest - start)
            fill(lines, start: start, steps: steps)
            model.forward(inputs, steps: steps)
            for rows in predictedRows(lines, start: start, steps: steps) { take(rows, into: &lines) }
            model.carryState(steps: steps)
        }
    }

    /// Writes the inputs and targets of the window. A stream whose line has ended reads the token 0; its rows are not scored.
    private func fill(_ lines: [PendingLine], start: Int, steps: Int) {
        for stream in 0..<streams {
            let line = stream < lines.count ? lines[stream].inputs : []
            for step in 0..<steps {
                let (row, place) = (step * streams + stream, start + step)
                inputs[row] = place < line.count ? line[place] : 0
                targets[row] = place + 1 < line.count ? line[place + 1] : 0
            }
        }
    }

    /// The rows of the window that predict a token, in ranges of at most `mostRows`.
    private func predictedRows(_ lines: [PendingLine], start: Int, steps: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var active = lines.count
        for step in 0..<steps {
            while active > 0, lines[active - 1].steps <= start + step { active -= 1 }
            let rows = (step * streams)..<(step * streams + active)
            if let last = ranges.last, last.upperBound == rows.lowerBound, last.count + rows.count <= Self.mostRows {
                ranges[ranges.count - 1] = last.lowerBound..<rows.upperBound
            } else {
                ranges.append(rows)
            }
        }
        return ranges
    }

    private func take(_ rows: Range<Int>, into lines: inout [PendingLine]) {
        let (losses, logits) = model.scores(ofRows: rows, targets: targets + rows.lowerBound, mask: mask)
        for (index, row) in rows.enumerated() {
            let logits = UnsafeBufferPointer(
                start: UnsafePointer(logits.pointer + index * logits.rowStride), count: logits.columns)
            let token = scored(logits, targets[row], loss: losses[index], in: &lines[row % streams])
            lines[row % streams].tokens.append(token)
        }
    }

    /// The figures of a token. `loss` is that of the network, in nats, and `logits` `[V]`.
    private func scored(
        _ logits: UnsafeBufferPointer<Float>, _ id: Int32, loss: Double, in line: inout PendingLine
    ) -> ScoredToken {
        let mixed = mixture.map { mix(logits, id, loss: loss, $0, in: &line) }
        let (surprisal, entropy, rank) = mixed ?? Self.figures(logits, id, loss: loss)
        return ScoredToken(
            position: line.firstPosition + line.tokens.count, id: id, surprisal: surprisal, entropy: entropy, rank: rank,
            isUnknown: id == unknown)
    }

    private static func figures(
        _ logits: UnsafeBufferPointer<Float>, _ id: Int32, loss: Double
    ) -> (surprisal: Double, entropy: Double, rank: Int) {
        let figures = LogitRow.figures(of: Int(id), logits)
        return (loss, figures.entropy, figures.rank)
    }

    private func mix(
        _ logits: UnsafeBufferPointer<Float>, _ id: Int32, loss: Double, _ mixture: Interpolation, in line: inout PendingLine
    ) -> (surprisal: Double, entropy: Double, rank: Int) {
        // By the logits: probabilities that are 0 in double can have different ones.
        if mixture.weight >= 1 { return Self.figures(logits, id, loss: loss) }
        let nGrams = probabilities + logits.count
        line.context?.distribution(into: nGrams)
        // Not from the loss: where logits are large, the normaliser would have lost its last digits. Without weight, they may be NaN.
        if mixture.weight > 0 { LogitRow.softmax(logits, into: probabilities) }
        for word in 0..<logits.count {
            let network = mixture.weight > 0 ? mixture.weight * probabilities[word] : 0
            probabilities[word] = network + (1 - mixture.weight) * nGrams[Int(mixture.word(Int32(word)))]
        }
        let surprisal = mixture.surprisal(network: loss, nGrams: line.context?.surprisal(of: mixture.word(id)) ?? 0)
        let figures = Distribution(probabilities, count: logits.count)
        return (surprisal, figures.entropy, figures.rank(of: Int(id)))
    }
}
