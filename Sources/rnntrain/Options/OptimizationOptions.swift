import ArgumentParser
import Optimizers
import Training

/// The training step: the batch, the optimizer and clipping.
struct OptimizationOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.batchSize)) var batchSize: String?
    @Option(help: ArgumentHelp(.windowLength)) var bptt: String?
    @Option(help: ArgumentHelp(.optimizer)) var optimizer: OptimizerKind?
    @Option(help: ArgumentHelp(.learningRate)) var learningRate: String?
    @Option(help: ArgumentHelp(.momentum)) var momentum: String?
    @Option(help: ArgumentHelp(.beta1)) var beta1: String?
    @Option(help: ArgumentHelp(.beta2)) var beta2: String?
    @Option(help: ArgumentHelp(.adamEpsilon)) var adamEpsilon: String?
    @Option(help: ArgumentHelp(.weightDecay)) var weightDecay: String?
    @Option(help: ArgumentHelp(.clip)) var clip: String?
    @Option(help: ArgumentHelp(.clipMode)) var clipMode: ClipMode?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .batchSize: batchSize, .windowLength: bptt, .optimizer: optimizer?.rawValue, .learningRate: learningRate,
            .momentum: momentum, .beta1: beta1, .beta2: beta2, .adamEpsilon: adamEpsilon, .weightDecay: weightDecay,
            .clip: clip, .clipMode: clipMode?.rawValue,
        ]
    }
}
