import ArgumentParser
import Training

/// The run folder, the log and the checkpoints.
struct RunOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.run)) var run: String?
    @Option(help: ArgumentHelp(.seed)) var seed: Int?
    @Option(help: ArgumentHelp(.logEvery)) var logEvery: Int?
    @Option(help: ArgumentHelp(.checkpointEvery)) var checkpointEvery: CheckpointInterval?
    @Option(help: ArgumentHelp(.keep)) var keep: Int?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.run, to: run)
        set(&configuration.seed, to: seed)
        set(&configuration.logEvery, to: logEvery)
        set(&configuration.checkpointEvery, to: checkpointEvery)
        set(&configuration.keep, to: keep)
    }
}
