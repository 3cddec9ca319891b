import Configuration
import Failures
import Optimizers
import Runs

/// The learning rate of a resumed run, which an earlier return to a checkpoint may have reduced.
struct ResumedRate {
    /// The state from which the run continues.
    let state: TrainingState
    /// Notices for the user; empty if nothing has changed the rate.
    let notices: [String]

    /// If the requested learning rate differs from the checkpoint's, it applies unscaled; otherwise the scale is kept.
    init(_ checkpoint: StoredCheckpoint, _ configuration: TrainingConfiguration) {
        var state = checkpoint.state
        let plateaus = Self.plateauNotice(checkpoint, configuration).map { [$0] } ?? []
        guard let scale = state.rateScale, scale != 1 else {
            (self.state, notices) = (state, plateaus)
            return
        }
        let (before, now) = (checkpoint.configuration.learningRate, configuration.learningRate)
        let factor = NumberText.significant(scale)
        let notice: String
        if now != before {
            (state.rateScale, state.hasReturned) = (nil, true)
            notice =
                "the given learning rate \(NumberText.significant(now)) is used; the factor \(factor) of a return to a checkpoint, which applied to "
                + "\(NumberText.significant(before)), is not used"
        } else {
            notice =
                "the learning rate \(NumberText.significant(now)) is multiplied by \(factor), because the run diverged and returned to a "
                + "checkpoint; a new --learning-rate is used without this factor"
        }
        self.state = state
        notices = [notice] + plateaus
    }

    /// What the earlier validations without an improvement mean for another rate, decay or schedule; nil if they do not matter.
    private static func plateauNotice(_ checkpoint: StoredCheckpoint, _ now: TrainingConfiguration) -> String? {
        let before = checkpoint.configuration
        let count = checkpoint.state.convergence.plateaus
        guard now.schedule.rawValue == PlateauSchedule.name, count > 0,
            now.learningRate != before.learningRate || now.schedule != before.schedule
                || now.settings[ScheduleSettings.decay] != before.settings[ScheduleSettings.decay]
        else { return nil }
        let place = SchedulePlace(updates: 0, epoch: 1, plateaus: count, progress: 0)
        let rate = now.learningRateSchedule.rate(now.learningRate, at: place)
        return "the learning rate \(NumberText.significant(now.learningRate)) becomes \(NumberText.significant(rate)): "
            + "--schedule plateau counts the \(counted(count, "validation")) without an improvement since the start of the run"
    }
}
