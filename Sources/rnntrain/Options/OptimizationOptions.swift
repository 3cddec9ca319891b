import ArgumentParser
import Optimizers
import Training

/// The step: how much text it sees, and what it does with the gradient.
struct OptimizationOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.batchSize)) var batchSize: Int?
    @Option(help: ArgumentHelp(.windowLength)) var bptt: Int?
    @Option(help: ArgumentHelp(.optimizer)) var optimizer: OptimizerKind?
    @Option(help: ArgumentHelp(.learningRate)) var learningRate: Double?
    @Option(help: ArgumentHelp(.momentum)) var momentum: Double?
    @Option(help: ArgumentHelp(.beta1)) var beta1: Double?
    @Option(help: ArgumentHelp(.beta2)) var beta2: Double?
    @Option(help: ArgumentHelp(.adamEpsilon)) var adamEpsilon: Double?
    @Option(help: ArgumentHelp(.weightDecay)) var weightDecay: Double?
    @Option(help: ArgumentHelp(.clip)) var clip: Double?
    @Option(help: ArgumentHelp(.clipMode)) var clipMode: ClipMode?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.batchSize, to: batchSize)
        set(&configuration.windowLength, to: bptt)
        set(&configuration.optimizer, to: optimizer)
        set(&configuration.learningRate, to: learningRate)
        set(&configuration.momentum, to: momentum)
        set(&configuration.beta1, to: beta1)
        set(&configuration.beta2, to: beta2)
        set(&configuration.adamEpsilon, to: adamEpsilon)
        set(&configuration.weightDecay, to: weightDecay)
        set(&configuration.clip, to: clip)
        set(&configuration.clipMode, to: clipMode)
    }
}
