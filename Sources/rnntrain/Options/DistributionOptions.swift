import ArgumentParser
import Training

/// How the work is spread over the ranks.
struct DistributionOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.shards)) var shards: Int?
    @Option(help: ArgumentHelp(.exchange)) var exchange: ExchangeMode?
    @Option(help: ArgumentHelp(.nodeSize)) var nodeSize: Int?
    @Option(help: ArgumentHelp(.teams)) var teams: TeamMode?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.shards, to: shards)
        set(&configuration.exchange, to: exchange)
        set(&configuration.nodeSize, to: nodeSize)
        set(&configuration.teams, to: teams)
    }
}
