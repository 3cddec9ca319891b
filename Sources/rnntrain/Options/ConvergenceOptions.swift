import ArgumentParser
import Optimizers
import Training

/// How long a run trains, and how its learning rate decreases.
struct ConvergenceOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.epochs)) var epochs: String?
    @Option(help: ArgumentHelp(.schedule)) var schedule: ScheduleKind?
    @Option(help: ArgumentHelp(.decay)) var decay: String?
    @Option(help: ArgumentHelp(.decayAfter)) var decayAfter: String?
    @Option(help: ArgumentHelp(.decayRate)) var decayRate: String?
    @Option(help: ArgumentHelp(.validateEvery)) var validateEvery: String?
    @Option(help: ArgumentHelp(.patience)) var patience: String?
    @Option(help: ArgumentHelp(.epsilon)) var epsilon: String?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .epochs: epochs, .schedule: schedule?.rawValue, .decay: decay, .decayAfter: decayAfter,
            .decayRate: decayRate, .validateEvery: validateEvery, .patience: patience, .epsilon: epsilon,
        ]
    }
}
