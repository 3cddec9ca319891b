import Models
import Tensors

/// The sums of the magnitudes of the gradients with respect to h, by layer and row of a window.
///
/// They show how much of the loss's gradient reaches each layer (vanishing and exploding gradients: Pascanu et al. 2013).
final class HiddenGradientSums {
    /// `[layers][T*B]`.
    private let sums: [UnsafeMutablePointer<Double>]
    private let streams: Int
    private let maximumSteps: Int
    private let workspace = Workspace()
    /// The steps of the last observed window.
    private(set) var steps = 0

    init(layers: Int, maximumSteps: Int, streams: Int) {
        (self.streams, self.maximumSteps) = (streams, maximumSteps)
        sums = (0..<layers).map { [workspace] _ in workspace.allocate(Double.self, count: maximumSteps * streams) }
    }

    var layerCount: Int { sums.count }

    /// The sums of a layer, `[steps*streams]`.
    func rows(ofLayer layer: Int) -> UnsafePointer<Double> { UnsafePointer(sums[layer]) }

    /// Observes the next backward pass of a model, over a window of `steps` steps, or stops observing.
    func observe(_ model: SequenceModel, steps: Int?) {
        guard let steps else { return model.observeGradients(nil) }
        precondition(steps <= maximumSteps, "\(steps) steps of \(maximumSteps)")
        self.steps = steps
        model.observeGradients { [unowned self] in take(layer: $0, step: $1, $2) }
    }

    /// Adds magnitudes in the order of the units, so that the bits do not depend on the number of ranks.
    private func take(layer: Int, step: Int, _ dH: MatrixView) {
        for stream in 0..<dH.rows {
            let row = UnsafeBufferPointer(start: dH.pointer + stream * dH.rowStride, count: dH.columns)
            sums[layer][step * streams + stream] = row.reduce(0) { $0 + Double(abs($1)) }
        }
    }
}
