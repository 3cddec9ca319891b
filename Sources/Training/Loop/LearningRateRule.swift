import Configuration
import Optimizers
import Runs

/// The learning rate of the next step of a run.
struct LearningRateRule {
    private let schedule: any Schedule
    private let initialRate: Double
    private let warmUp: Int
    /// The number of steps of all epochs.
    private let steps: Int

    /// The rule of a run with this number of steps per epoch.
    init(_ configuration: TrainingConfiguration, stepsPerEpoch: Int) {
        schedule = configuration.learningRateSchedule
        initialRate = configuration.learningRate
        warmUp = configuration.warmUp
        steps = configuration.epochs * stepsPerEpoch
    }

    func rate(_ state: TrainingState) -> Double {
        let place = SchedulePlace(
            updates: state.updates, epoch: state.epoch, plateaus: state.convergence.plateaus,
            progress: min(1, Double(state.step) / Double(steps)))
        let warmth = state.updates < warmUp ? Double(state.updates + 1) / Double(warmUp) : 1
        return warmth * schedule.rate(initialRate, at: place) * (state.rateScale ?? 1)
    }
}
