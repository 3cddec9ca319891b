import ArgumentParser
import TextData
import Training

/// The text, and what its tokens are.
struct DataOptions: ConfigurationOptions {
    @Option(help: ArgumentHelp(.train)) var train: String?
    @Option(help: ArgumentHelp(.valid)) var valid: String?
    @Option(help: ArgumentHelp(.test)) var test: String?
    @Option(help: ArgumentHelp(.tokens)) var tokens: TokenUnit?
    @Option(help: ArgumentHelp(.vocabularySize)) var vocabularySize: Int?
    @Option(help: ArgumentHelp(.minimumCount)) var minimumCount: Int?

    func apply(to configuration: inout TrainingConfiguration) {
        set(&configuration.train, to: train)
        set(&configuration.valid, to: valid)
        set(&configuration.test, to: test)
        set(&configuration.tokens, to: tokens)
        set(&configuration.vocabularySize, to: vocabularySize)
        set(&configuration.minimumCount, to: minimumCount)
    }
}
