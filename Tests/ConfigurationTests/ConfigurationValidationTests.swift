import Configuration
import Kinds
import Testing
import TextData

@Suite("Configurations that are not valid for training")
struct ConfigurationValidationTests {
    @Test("The defaults and the demo are valid")
    func defaults() throws {
        try TrainingConfiguration().validate()
        try TrainingConfiguration.reberDemo.validate()
    }

    @Test(
        "A value out of its range is refused, under its key and with the value",
        arguments: [
            (ConfigurationKey.vocabularySize, ConfigurationValue.integer(1)), (.minimumCount, .integer(0)),
            (.layers, .integer(0)), (.embeddingSize, .integer(0)), (.hiddenSize, .integer(-4)),
            (.dropout, .number(1)), (.dropout, .number(-0.1)), (.initialScale, .number(0)), (.forgetBias, .number(.nan)),
            (.batchSize, .integer(0)), (.windowLength, .integer(0)),
            (.learningRate, .number(0)), (.learningRate, .number(.infinity)), ("momentum", .number(1)),
            ("beta1", .number(1)), ("beta2", .number(-1)), ("adam-epsilon", .number(0)), ("weight-decay", .number(-1)),
            (.clip, .number(-1)), (.epochs, .integer(0)), ("decay", .number(0)), ("decay", .number(1.5)),
            ("decay-after", .integer(-1)), ("decay-rate", .number(-1)), (.validateEvery, .integer(-1)),
            (.patience, .integer(-1)), (.epsilon, .number(-1)), (.seed, .integer(-1)), (.logEvery, .integer(0)),
            (.keep, .integer(1)), (.shards, .integer(0)), (.nodeSize, .integer(-1)),
            (.tokenPattern, .text("")),
        ])
    func outOfRange(key: ConfigurationKey, value: ConfigurationValue) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationSamples.with([key: value]).validate() }
        guard case .invalid(key, let text, _) = error else {
            Issue.record("\(key.rawValue): \(String(describing: error))")
            return
        }
        #expect(text == value.description)
    }

    @Test(
        "Values that exclude each other are refused",
        arguments: [
            [ConfigurationKey.tieWeights: ConfigurationValue.flag(true), .hiddenSize: .integer(100)],
            [.nonlinearity: .text("relu")], [.gruReset: .text("before"), .cell: .text("lstm")],
            [.initialization: .text("identity"), .cell: .text("elman")],
            [.initialization: .text("identity"), .cell: .text("lstm")],
            ["momentum": .number(0.9)], [.shards: .integer(33)],
        ])
    func conflict(values: [ConfigurationKey: ConfigurationValue]) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationSamples.with(values).validate() }
        guard case .conflict(let named, let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        for key in values.keys { #expect(named.contains(key) && message.contains(key.option), "\(message)") }
    }

    @Test("Consistent values are accepted")
    func allowed() throws {
        try ConfigurationSamples.with([.tieWeights: .flag(true)]).validate()
        try ConfigurationSamples.with([.nonlinearity: .text("sigmoid"), .cell: .text("elman")]).validate()
        try ConfigurationSamples.with([.gruReset: .text("before"), .cell: .text("gru")]).validate()
        try ConfigurationSamples.with(
            [.initialization: .text("identity"), .cell: .text("elman"), .nonlinearity: .text("relu")]
        ).validate()
        try ConfigurationSamples.with(["momentum": .number(0.9), .optimizer: .text("sgd"), .clip: .number(0)]).validate()
        try ConfigurationSamples.with([.shards: .integer(32)]).validate()
    }

    @Test("A training text, a validation text and a run folder require each other")
    func texts() {
        let needs = { (values: [ConfigurationKey: ConfigurationValue], missing: ConfigurationKey) in
            let error = #expect(throws: ConfigurationError.self) { try ConfigurationSamples.with(values).validate() }
            guard case .missing(missing, _) = error else {
                Issue.record("\(missing.rawValue): \(String(describing: error))")
                return
            }
        }
        needs([.train: .text("a")], .valid)
        needs([.train: .text("a"), .valid: .text("b")], .run)
        needs([.valid: .text("b"), .run: .text("r")], .train)
        needs([.test: .text("b")], .train)
    }

    @Test("Printing a configuration and a dry run need no run folder")
    func withoutFolder() throws {
        try ConfigurationSamples.with([.train: .text("a"), .valid: .text("b")]).validate(needsFolder: false)
        try ConfigurationSamples.with([.text: .text("a")]).validate(needsFolder: false)
    }

    @Test("A vocabulary is limited for words, and for other units on request")
    func vocabularyLimits() {
        let size = { (values: [ConfigurationKey: ConfigurationValue]) in
            ConfigurationSamples.with(values).vocabularyLimits.size
        }
        #expect(size([:]) == 10_000)
        #expect(size([.tokens: .text("char")]) == nil)
        #expect(size([.tokens: .text("char"), .vocabularySize: .integer(90)]) == 90)
        #expect(size([.vocabularySize: .integer(0)]) == nil)
        #expect(ConfigurationSamples.with([.minimumCount: .integer(3)]).vocabularyLimits.minimumCount == 3)
    }

    @Test("A message contains the fault, the value and advice")
    func messages() {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationSamples.with([.shards: .integer(40)]).validate()
        }
        #expect(
            error?.description
                == "--shards is 40, but --batch-size is 32: each shard needs at least one stream. "
                + "Use --shards 32 or fewer, or a larger --batch-size."
        )
        let ofFile = #expect(throws: ConfigurationError.self) {
            try ConfigurationSamples.with([.shards: .integer(40)]).validate(fileKeys: [.shards])
        }
        #expect(ofFile?.description.hasPrefix("shards is 40, but --batch-size is 32: ") == true)
        let range = #expect(throws: ConfigurationError.self) {
            try ConfigurationSamples.with([.dropout: .number(1.5)]).validate()
        }
        #expect(
            range?.description
                == "--dropout is 1.5; it must be a number from 1e-30 to 0.99999994, the largest value below 1 in single precision, or 0 for none."
        )
        #expect(range?.exitStatus == .usage)
    }
}
