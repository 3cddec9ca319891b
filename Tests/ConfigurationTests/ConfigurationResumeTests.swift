import Configuration
import Kinds
import Optimizers
import Testing
import TextData

@Suite("Changes of the configuration on resume")
struct ConfigurationResumeTests {
    /// The keys that affect only the duration, the speed and the place of a run.
    private static let free: Set<ConfigurationKey> = [
        .text, .train, .valid, .test, .sentencePieceModel, .wordVectors, .run, "logit-memory", .learningRate, .epochs, .schedule,
        .warmUp, .validateEvery,
        .patience, .epsilon, .logEvery, .sampleEvery, .trackGradients, .tensorboard,
        .checkpointEvery, .keep, .exchange, .nodeSize, .teams,
        .stallLimit, .timeLimit, .verifyEvery, .onFault, .maxBadSteps, .maxRollbacks,
    ]

    @Test("Each key alone is accepted or refused, with both values", arguments: ConfigurationKey.allCases)
    func eachKey(key: ConfigurationKey) throws {
        let stored = TrainingConfiguration()
        let value = try #require(ConfigurationSamples.values[key])
        let requested = ConfigurationSamples.with([key: value])
        // Settings of a schedule may change, like the schedule itself.
        let isFree = Self.free.contains(key) || Schedules.settings.contains { $0.key == key }
        let change = ConfigurationChange(key: key, stored: stored.value(of: key), requested: value)
        #expect(requested.forbiddenChanges(from: stored) == (isFree ? [] : [change]))
    }

    @Test("All changes are reported in one message, with advice")
    func several() {
        var stored = TrainingConfiguration()
        (stored.layers, stored.seed) = (1, 7)
        let error = #expect(throws: ConfigurationError.self) { _ = try TrainingConfiguration().resuming(stored) }
        #expect(error?.description.contains("--layers from 1 to 2; --seed from 7 to 1") == true)
        #expect(error?.exitStatus == .usage)
    }

    @Test("Without an explicit number of shards, that of the stored run applies; free keys change")
    func shards() throws {
        var stored = TrainingConfiguration()
        stored.shards = 4
        var requested = TrainingConfiguration()
        requested.epochs = 99
        let resumed = try requested.resuming(stored)
        #expect((resumed.shards, resumed.epochs) == (4, 99))
        requested.shards = 8
        #expect(throws: ConfigurationError.self) { _ = try requested.resuming(stored) }
    }

    @Test("The fixed keys of a log are those of the configuration that wrote them, also with control characters in a text")
    func fixedText() {
        for pattern in ["a|b", "\"a\"|\\s", "a\nb", "\n", "a\r\nb", "a\r", "\t"] {
            var stored = TrainingConfiguration()
            (stored.tokens, stored.tokenPattern) = (.regex, pattern)
            let text = stored.fixedText
            #expect(stored.changes(fromFixedText: text).isEmpty, "\(text)")
            var other = stored
            other.tokenPattern = pattern + "\nc"
            #expect(stored.changes(fromFixedText: other.fixedText).map(\.key) == [.tokenPattern], "\(text)")
            other.tokenPattern = "c"
            #expect(other.changes(fromFixedText: text).map(\.key) == [.tokenPattern], "\(text)")
        }
    }

    @Test("Keys that decide the updates of a schedule are compared only with this schedule")
    func updates() throws {
        for (schedule, key, value) in [("plateau", "epsilon", "0.5"), ("cosine", "epochs", "77"), ("step", "decay", "0.9")] {
            var configuration = TrainingConfiguration()
            try configuration.set(.schedule, argument: schedule)
            var other = configuration
            try other.set(ConfigurationKey(key), argument: value)
            #expect(configuration.updateDifference(from: other) == ConfigurationKey(key))
        }
        var (constant, other) = (TrainingConfiguration(), TrainingConfiguration())
        (constant.epsilon, other.epsilon) = (0, 0.5)
        other.epochs += 1
        #expect(constant.updateDifference(from: other) == nil)
    }

    @Test("The order of labels is no change, also from the log of an earlier version, which has it as it was given")
    func labels() throws {
        let stored = ConfigurationSamples.with([.task: .text("classifier"), "labels": .text("b a  c")])
        #expect(stored.value(of: "labels") == .text("a b c"))
        var requested = TrainingConfiguration()
        try requested.set(.task, argument: "classifier")
        try requested.set("labels", argument: "c b a")
        #expect(requested.forbiddenChanges(from: stored).isEmpty)
        #expect(requested.changes(fromFixedText: "labels = b c a\nseed = 1").isEmpty)
        #expect(requested.changes(fromFixedText: "labels = b c d").map(\.key) == ["labels"])
        try requested.set("labels", argument: "a b")
        #expect(requested.forbiddenChanges(from: stored).map(\.key) == ["labels"])
        #expect(throws: ConfigurationError.self) { try requested.set("labels", argument: "b\ta") }
    }

    @Test("A text of which an earlier version wrote lines as they are is no change, and other keys are compared")
    func cutText() {
        var configuration = TrainingConfiguration()
        (configuration.tokens, configuration.tokenPattern) = (.regex, "a\nb")
        let lines = "tokens = regex\ntoken-pattern = a\nb\nseed = "
        #expect(configuration.changes(fromFixedText: lines + "1").isEmpty)
        #expect(configuration.changes(fromFixedText: lines + "2").map(\.key) == [.seed])
        configuration.tokenPattern = "c\nb"
        #expect(configuration.changes(fromFixedText: lines + "1").map(\.key) == [.tokenPattern])
        configuration.tokenPattern = "a\r"
        #expect(configuration.changes(fromFixedText: "token-pattern = a\r\nseed = 1").isEmpty)
    }
}
