import ArgumentParser
import Training

/// How the work is distributed over the ranks.
struct DistributionOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.shards)) var shards: String?
    @Option(help: ArgumentHelp(.exchange)) var exchange: ExchangeMode?
    @Option(help: ArgumentHelp(.nodeSize)) var nodeSize: String?
    @Option(help: ArgumentHelp(.teams)) var teams: TeamMode?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .shards: shards, .exchange: exchange?.rawValue, .nodeSize: nodeSize, .teams: teams?.rawValue,
        ]
    }
}
