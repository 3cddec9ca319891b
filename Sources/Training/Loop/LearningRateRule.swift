import Optimizers

/// The learning rate of the next step of a run.
struct LearningRateRule {
    private let schedule: LearningRateSchedule

    init(_ configuration: TrainingConfiguration) { schedule = configuration.learningRateSchedule }

    func rate(_ state: TrainingState) -> Double {
        let rate = schedule.rate(step: state.updates, epoch: state.epoch, plateaus: state.convergence.plateaus)
        return rate * (state.rateScale ?? 1)
    }
}
