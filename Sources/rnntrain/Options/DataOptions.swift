import ArgumentParser
import TextData
import Training

/// The texts and their tokens.
struct DataOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.text)) var text: String?
    @Option(help: ArgumentHelp(.train)) var train: String?
    @Option(help: ArgumentHelp(.valid)) var valid: String?
    @Option(help: ArgumentHelp(.test)) var test: String?
    @Option(help: ArgumentHelp(.tokens)) var tokens: TokenUnit?
    @Option(help: ArgumentHelp(.vocabularySize)) var vocabularySize: String?
    @Option(help: ArgumentHelp(.minimumCount)) var minimumCount: String?

    var given: KeyValuePairs<ConfigurationKey, String?> {
        [
            .text: text, .train: train, .valid: valid, .test: test, .tokens: tokens?.rawValue, .vocabularySize: vocabularySize,
            .minimumCount: minimumCount,
        ]
    }
}
