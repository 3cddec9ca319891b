import ArgumentParser
import Optimizers
import Training

/// How long the training goes on, and how the learning rate falls.
struct ConvergenceOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.epochs)) var epochs: Int?
    @Option(help: ArgumentHelp(.schedule)) var schedule: ScheduleKind?
    @Option(help: ArgumentHelp(.decay)) var decay: Double?
    @Option(help: ArgumentHelp(.decayAfter)) var decayAfter: Int?
    @Option(help: ArgumentHelp(.decayRate)) var decayRate: Double?
    @Option(help: ArgumentHelp(.validateEvery)) var validateEvery: Int?
    @Option(help: ArgumentHelp(.patience)) var patience: Int?
    @Option(help: ArgumentHelp(.epsilon)) var epsilon: Double?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.epochs, to: epochs)
        set(&configuration.schedule, to: schedule)
        set(&configuration.decay, to: decay)
        set(&configuration.decayAfter, to: decayAfter)
        set(&configuration.decayRate, to: decayRate)
        set(&configuration.validateEvery, to: validateEvery)
        set(&configuration.patience, to: patience)
        set(&configuration.epsilon, to: epsilon)
    }
}
