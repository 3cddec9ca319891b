import Configuration
import Failures
import Runs

/// The learning rate of a resumed run, which an earlier return to a checkpoint may have reduced.
struct ResumedRate {
    /// The state from which the run continues.
    let state: TrainingState
    /// A notice for the user; nil if nothing has changed the rate.
    let notice: String?

    /// If the requested learning rate differs from the checkpoint's, it applies unscaled; otherwise the scale is kept.
    init(_ checkpoint: StoredCheckpoint, _ configuration: TrainingConfiguration) {
        var state = checkpoint.state
        guard let scale = state.rateScale, scale != 1 else {
            (self.state, notice) = (state, nil)
            return
        }
        let (before, now) = (checkpoint.configuration.learningRate, configuration.learningRate)
        let factor = NumberText.significant(scale)
        if now != before {
            (state.rateScale, state.hasReturned) = (nil, true)
            notice =
                "the learning rate is \(NumberText.significant(now)), as given; the factor \(factor) of a return to a checkpoint, which applied to "
                + "\(NumberText.significant(before)), is not used"
        } else {
            notice =
                "the learning rate \(NumberText.significant(now)) is multiplied by \(factor), because the run diverged and returned to a "
                + "checkpoint; a new --learning-rate is used without this factor"
        }
        self.state = state
    }
}
