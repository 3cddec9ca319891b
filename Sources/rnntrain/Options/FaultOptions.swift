import ArgumentParser
import Training

/// Deadlines, and what is done about faults.
struct FaultOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.stallLimit)) var stallLimit: TimeSpan?
    @Option(help: ArgumentHelp(.timeLimit)) var timeLimit: TimeSpan?
    @Option(help: ArgumentHelp(.verifyEvery)) var verifyEvery: Int?
    @Option(help: ArgumentHelp(.onFault)) var onFault: FaultResponse?
    @Option(help: ArgumentHelp(.maxBadSteps)) var maxBadSteps: Int?
    @Option(help: ArgumentHelp(.maxRollbacks)) var maxRollbacks: Int?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.stallLimit, to: stallLimit)
        set(&configuration.timeLimit, to: timeLimit)
        set(&configuration.verifyEvery, to: verifyEvery)
        set(&configuration.onFault, to: onFault)
        set(&configuration.maxBadSteps, to: maxBadSteps)
        set(&configuration.maxRollbacks, to: maxRollbacks)
    }
}
