import Layers
package import Models
import Tensors

/// Scores a text as one stream, one window at a time. The hidden state is carried from the first token to the last.
///
/// The recurrence of one stream is serial. The rows of the output layer, one for each token, are independent, so they can be
/// divided among ranks that all compute the recurrence. The loss of a row depends neither on other rows nor on the window length.
package final class StreamScorer {
    private let model: SequenceModel
    private let mask: UnsafeMutablePointer<Float>  // [windowLength], ones
    private let workspace = Workspace()

    /// Steps of a window. The losses do not depend on it.
    package static let windowLength = 256

    /// - Parameter model: a model of one stream. Its state is reset to the start of a text.
    package init(_ model: SequenceModel) {
        precondition(model.capacity.streams == 1, "a scorer of one stream for a model of \(model.capacity.streams)")
        self.model = model
        mask = workspace.allocate(Float.self, count: model.capacity.steps)
        mask.update(repeating: 1, count: model.capacity.steps)
        model.resetState()
    }

    /// Resets the state to the start of a text.
    package func reset() { model.resetState() }

    /// The losses of the predictions `rows` in a window of `steps`, in nats. The state advances to the end of the window.
    ///
    /// Shapes: `tokens` `[steps + 1]`, of which the first is the last token of the previous window; the result `[rows.count]`,
    /// valid until the next call.
    package func losses(_ tokens: UnsafePointer<Int32>, steps: Int, rows: Range<Int>) -> UnsafePointer<Double> {
        model.forward(tokens, steps: steps)
        let losses = model.loss(ofRows: rows, targets: tokens + 1 + rows.lowerBound, mask: mask)
        model.carryState(steps: steps)
        return losses
    }
}
