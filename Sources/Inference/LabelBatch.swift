import Models
import Tasks
import Tensors

/// The label of a line, with the losses of labels.
public struct LabelPrediction: Sendable, Equatable {
    /// The number of the most probable label; of equally probable ones the first.
    public let label: Int
    /// Its negative log likelihood in nats, the loss of `evaluate`.
    public let loss: Double
    /// The losses of all labels in nats, `[labels]`; empty if they were not asked for.
    public let losses: [Double]

    /// The probability of the label.
    public var probability: Double { exponential(-loss) }
    /// The probabilities of all labels, `[labels]`; empty if they were not asked for.
    public var probabilities: [Double] { losses.map { exponential(-$0) } }
}

/// Classifies several lines at once, each line in a stream of a model, from the output at its last token.
///
/// A kernel computes each row in a fixed order of operations, whatever the other rows are. A prediction therefore has the same bits in any
/// batch of any size.
final class LabelBatch {
    private let model: SequenceModel
    private let keepsLosses: Bool
    private let inputs: UnsafeMutablePointer<Int32>  // [steps, streams]
    private let one: UnsafeMutablePointer<Float>  // a mask of one row
    private let workspace = Workspace()

    /// - Parameters:
    ///   - model: a classifier; its streams are the most lines of a batch.
    ///   - keepsLosses: whether predictions have the losses of all labels.
    init(_ model: SequenceModel, keepsLosses: Bool) {
        self.model = model
        self.keepsLosses = keepsLosses
        inputs = workspace.allocate(Int32.self, count: model.capacity.rows)
        one = workspace.allocate(Float.self, count: 1)
        one.pointee = 1
    }

    /// The most lines of a batch.
    var streams: Int { model.capacity.streams }

    /// The predictions of at most `streams` lines, the longest first. Each line has a token or more.
    func predictions(_ lines: [[Int32]]) -> [LabelPrediction] {
        precondition(lines.count <= streams, "\(lines.count) lines in \(streams) streams")
        let longest = lines.first?.count ?? 0
        var predictions: [LabelPrediction] = []  // from the last line to the first
        model.resetState()
        for start in stride(from: 0, to: longest, by: model.capacity.steps) {
            let steps = min(model.capacity.steps, longest - start)
            fill(lines, start: start, steps: steps)
            model.forward(inputs, steps: steps)
            while predictions.count < lines.count {
                let stream = lines.count - 1 - predictions.count
                guard lines[stream].count <= start + steps else { break }
                predictions.append(prediction(row: (lines[stream].count - 1 - start) * streams + stream))
            }
            model.carryState(steps: steps)
        }
        return predictions.reversed()
    }

    /// Writes the inputs of the window. A stream whose line has ended reads the token 0.
    private func fill(_ lines: [[Int32]], start: Int, steps: Int) {
        for stream in 0..<streams {
            let line = stream < lines.count ? lines[stream] : []
            for step in 0..<steps { inputs[step * streams + stream] = start + step < line.count ? line[start + step] : 0 }
        }
    }

    /// The loss of a label is that of the most probable label plus the difference of their logits. For a full softmax, the kernel computes the same
    /// sum, so the bits are those of the loss that `evaluate` computes for the label.
    private func prediction(row: Int) -> LabelPrediction {
        let logits = scores(row: row, label: 0).logits
        var best = 0
        for label in 0..<logits.count where logits[label] > logits[best] { best = label }
        let (loss, all) = scores(row: row, label: best)
        let losses = keepsLosses ? all.map { (Double(all[best]) - Double($0)) + loss } : []
        return LabelPrediction(label: best, loss: loss, losses: losses)
    }

    /// The loss of a label, and the logits of all labels, valid until the next call.
    private func scores(row: Int, label: Int) -> (loss: Double, logits: UnsafeBufferPointer<Float>) {
        let (losses, logits) = withUnsafePointer(to: Int32(label)) {
            model.scores(ofRows: row..<(row + 1), targets: $0, mask: one)
        }
        return (losses[0], UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns))
    }
}
