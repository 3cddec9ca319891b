import Optimizers

/// The learning rate of the next step of a run.
struct LearningRateRule {
    private let schedule: any Schedule
    private let initialRate: Double

    init(_ configuration: TrainingConfiguration) {
        schedule = configuration.learningRateSchedule
        initialRate = configuration.learningRate
    }

    func rate(_ state: TrainingState) -> Double {
        let place = SchedulePlace(updates: state.updates, epoch: state.epoch, plateaus: state.convergence.plateaus)
        return schedule.rate(initialRate, at: place) * (state.rateScale ?? 1)
    }
}
