import Layers
package import Models
import Tensors

/// Scores a text as one stream, a window at a time: the hidden state is carried from the first token to the last.
///
/// The recurrence of one stream is serial. The output layer is not: its rows, one a token, can be divided among ranks, each of which runs the
/// recurrence. The loss of a row depends neither on the rows beside it nor on the window's length.
package final class StreamScorer {
    private let model: LanguageModel
    private let mask: UnsafeMutablePointer<Float>  // [windowLength], ones
    private let workspace = Workspace()

    /// Steps of a window; the losses do not depend on it.
    package static let windowLength = 256

    /// - Parameter model: of one stream; its state is set to the beginning of a text.
    package init(_ model: LanguageModel) {
        precondition(model.capacity.streams == 1, "a scorer of one stream for a model of \(model.capacity.streams)")
        self.model = model
        mask = workspace.allocate(Float.self, count: model.capacity.steps)
        mask.update(repeating: 1, count: model.capacity.steps)
        model.resetState()
    }

    /// The losses of the predictions `rows` in a window of `steps`, in nats. The state is carried to the end of the window.
    ///
    /// Shapes: `tokens` `[steps + 1]`, of which the first is the last of the window before; the result `[rows.count]`, until the next call.
    package func losses(_ tokens: UnsafePointer<Int32>, steps: Int, rows: Range<Int>) -> UnsafePointer<Double> {
        model.forward(tokens, steps: steps)
        let losses = model.loss(ofRows: rows, targets: tokens + 1 + rows.lowerBound, mask: mask)
        model.carryState(steps: steps)
        return losses
    }
}
