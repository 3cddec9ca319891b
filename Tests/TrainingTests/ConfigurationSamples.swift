import Training

/// Configurations for the tests.
enum ConfigurationSamples {
    /// For every key a value other than its default, valid in combination with the others.
    static let values: [ConfigurationKey: ConfigurationValue] = [
        .text: .text("one.txt"), .train: .text("a \"quoted\" name.txt"), .valid: .text("tab\there\\valid.txt"),
        .test: .text("päivä.txt"),
        .tokens: .text("byte"), .vocabularySize: .integer(77), .minimumCount: .integer(3),
        .cell: .text("elman"), .nonlinearity: .text("relu"), .gruReset: .text("before"), .layers: .integer(3),
        .embeddingSize: .integer(7), .hiddenSize: .integer(11), .tieWeights: .flag(true), .dropout: .number(0.25),
        .initialization: .text("identity"), .initialScale: .number(0.08), .forgetBias: .number(-0.5),
        .initialState: .text("learned"), .precision: .text("bf16"),
        .batchSize: .integer(50), .windowLength: .integer(9), .optimizer: .text("sgd"), .learningRate: .number(3e-5),
        .momentum: .number(0.9), .beta1: .number(0.8), .beta2: .number(0.99), .adamEpsilon: .number(1e-6),
        .weightDecay: .number(0.01), .clip: .number(5), .clipMode: .text("value"),
        .epochs: .integer(4), .schedule: .text("inverse"), .decay: .number(1 / 3), .decayAfter: .integer(6),
        .decayRate: .number(0.1), .validateEvery: .integer(500), .patience: .integer(2), .epsilon: .number(1e-3),
        .run: .text("runs/x"), .seed: .integer(1_000_000_007), .logEvery: .integer(5), .checkpointEvery: .text("300 steps"),
        .keep: .integer(4), .stallLimit: .text("90 seconds"), .timeLimit: .text("3 hours"), .verifyEvery: .integer(7),
        .onFault: .text("end"), .maxBadSteps: .integer(4), .maxRollbacks: .integer(9), .shards: .integer(5),
        .exchange: .text("messages"), .nodeSize: .integer(2), .teams: .text("never"),
    ]

    /// A configuration without any default value.
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
