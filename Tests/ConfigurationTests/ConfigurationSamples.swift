import Configuration
import Kinds
import Testing

/// Configurations for the tests.
enum ConfigurationSamples {
    /// A value for every key that is not its default.
    static let values = Dictionary(uniqueKeysWithValues: ConfigurationKey.allCases.map { ($0, own[$0] ?? declared($0)) })

    /// The values of keys that belong to no kind. They are consistent with each other.
    private static let own: [ConfigurationKey: ConfigurationValue] = [
        .text: .text("one.txt"), .train: .text("a \"quoted\" name.txt"), .valid: .text("tab\there\\valid.txt"),
        .test: .text("päivä.txt"),
        .tokens: .text("byte"), .vocabularySize: .integer(77), .minimumCount: .integer(3),
        .cell: .text("elman"), .nonlinearity: .text("relu"), .gruReset: .text("before"), .layers: .integer(3),
        .embeddingSize: .integer(7), .hiddenSize: .integer(11), .tieWeights: .flag(true), .dropout: .number(0.25),
        .lockedDropout: .flag(true),
        .embeddingDropout: .number(0.1), .weightDropout: .number(0.4), .activationRegularization: .number(2),
        .temporalRegularization: .number(1),
        .initialization: .text("identity"), .initialScale: .number(0.08), .forgetBias: .number(-0.5),
        .initialState: .text("learned"), .precision: .text("bf16"),
        .batchSize: .integer(50), .windowLength: .integer(9), .variableWindow: .flag(true), .optimizer: .text("sgd"),
        .learningRate: .number(3e-5),
        .clip: .number(5), .clipMode: .text("value"),
        .epochs: .integer(4), .schedule: .text("inverse"), .warmUp: .integer(20), .validateEvery: .integer(500),
        .patience: .integer(2),
        .epsilon: .number(1e-3),
        .run: .text("runs/x"), .seed: .integer(1_000_000_007), .logEvery: .integer(5), .checkpointEvery: .text("300 steps"),
        .keep: .integer(4), .stallLimit: .text("90 seconds"), .timeLimit: .text("3 hours"), .verifyEvery: .integer(7),
        .onFault: .text("end"), .maxBadSteps: .integer(4), .maxRollbacks: .integer(9), .shards: .integer(5),
        .exchange: .text("messages"), .nodeSize: .integer(2), .teams: .text("never"),
    ]

    /// The first end of the key's range, or value of its list, that is not its default.
    private static func declared(_ key: ConfigurationKey) -> ConfigurationValue {
        let standard = TrainingConfiguration().value(of: key)
        let values = (key.choices + key.ends + (key.isFlag ? ["true", "false"] : [])).compactMap { text in
            var configuration = TrainingConfiguration()
            #expect(throws: Never.self, "\(key.rawValue) \(text)") { try configuration.set(key, argument: text) }
            return configuration.value(of: key)
        }
        return values.first { $0 != standard } ?? .text("\(key.rawValue) has no sample")
    }

    /// A configuration in which no key has its default.
    static func everyKeySet() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        for (key, value) in values { _ = configuration.set(key, to: value) }
        return configuration
    }

    /// A configuration with some keys set.
    static func with(_ values: [ConfigurationKey: ConfigurationValue]) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        for (key, value) in values { _ = configuration.set(key, to: value) }
        return configuration
    }
}
