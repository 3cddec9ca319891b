import ArgumentParser
import Training

/// The run folder, the log and the checkpoints.
struct RunOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.run)) var run: String?
    @Option(help: ArgumentHelp(.seed)) var seed: String?
    @Option(help: ArgumentHelp(.logEvery)) var logEvery: String?
    @Option(help: ArgumentHelp(.checkpointEvery)) var checkpointEvery: String?
    @Option(help: ArgumentHelp(.keep)) var keep: String?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .run: run, .seed: seed, .logEvery: logEvery, .checkpointEvery: checkpointEvery, .keep: keep,
        ]
    }
}
