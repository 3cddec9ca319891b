package import Configuration
package import Exchange
import Tensors
package import TextData

/// The training step of all ranks: forward and backward pass, reduction, clipping, update. Training, `benchmark` and the dry run share it.
///
/// The parts of a step are called in the order `compute`, `reduce`, `update`. They allocate nothing.
package struct TrainingStep {
    private let parallel: ParallelModel
    private let seed: UInt64
    private let clipMode: ClipMode
    /// The largest norm of the gradient, or the largest absolute value of an element; 0: no limit.
    private let clipLimit: Double

    /// - Parameter configuration: has seed and clipping.
    package init(_ parallel: ParallelModel, _ configuration: TrainingConfiguration) {
        self.parallel = parallel
        seed = UInt64(configuration.seed)
        (clipMode, clipLimit) = (configuration.clipMode, configuration.clip)
    }

    /// The partial gradients and losses of one window. `step` is the number of earlier steps, which selects the units to drop and the
    /// samples. Collective
    /// over the node.
    package func compute(_ window: WindowBuffers, _ batch: BatchWindow, step: Int) {
        let key = Dropout.Key(seed: seed, step: step, firstStream: parallel.streams.lowerBound)
        parallel.run(window, batch, dropoutKey: key)
    }

    /// The sum of the gradients of all ranks. Collective.
    package func reduce(flags: Int32 = 0) throws -> Reduction { try parallel.exchange.reduce(flags: flags) }

    /// Updates the parameters, if loss and gradient are finite. Otherwise it keeps the parameters and resets the hidden state, which may
    /// be the cause. Returns whether it updated. Collective.
    package func update(norm: Double, rate: Double) throws -> Bool {
        guard norm.isFinite, parallel.exchange.foldShards(index: 0).isFinite else {
            parallel.model.resetState()
            parallel.packRecurrentWeights(nil)
            try parallel.exchange.publishParameters()
            return false
        }
        try parallel.update(clip: clip(norm), rate: rate)
        return true
    }

    /// Whether a gradient of this norm is clipped. If each element is clipped by itself, no step counts, and the log has no
    /// share of them.
    package func clips(norm: Double) -> Bool { clipLimit > 0 && clipMode == .norm && norm > clipLimit }

    private func clip(_ norm: Double) -> GradientClip {
        guard clipLimit > 0 else { return GradientClip() }
        switch clipMode {
        case .value: return GradientClip(limit: Float(clipLimit))
        case .norm: return GradientClip(scale: norm > clipLimit ? Float(clipLimit / norm) : 1)
        }
    }
}
