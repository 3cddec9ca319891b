import ArgumentParser
import Training

/// Time limits, and the response to faults.
struct FaultOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.stallLimit)) var stallLimit: String?
    @Option(help: ArgumentHelp(.timeLimit)) var timeLimit: String?
    @Option(help: ArgumentHelp(.verifyEvery)) var verifyEvery: String?
    @Option(help: ArgumentHelp(.onFault)) var onFault: FaultResponse?
    @Option(help: ArgumentHelp(.maxBadSteps)) var maxBadSteps: String?
    @Option(help: ArgumentHelp(.maxRollbacks)) var maxRollbacks: String?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .stallLimit: stallLimit, .timeLimit: timeLimit, .verifyEvery: verifyEvery, .onFault: onFault?.rawValue,
            .maxBadSteps: maxBadSteps, .maxRollbacks: maxRollbacks,
        ]
    }
}
