import Foundation
import TestSupport
import Testing

/// `evaluate --dynamic` and `evaluate --cache`.
@Suite("Dynamic evaluation and cache", .serialized)
struct AdaptationTests {
    private struct Figures: Decodable, Equatable {
        let tokens: Int
        let loss: Double
    }

    private static func figures(_ options: String) throws -> Figures {
        let outcome = try SmallModels.shell("$R evaluate --json --data valid.txt \(options)")
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
    }

    @Test(
        "Without a rate and without a weight, the loss is that of the model; decay keeps it near; otherwise it changes",
        arguments: ["word", "byte"])
    func losses(model: String) throws {
        let plain = try Self.figures("--checkpoint \(model)")
        let fixed = try Self.figures("--checkpoint \(model) --dynamic --dynamic-rate 0 --dynamic-window 7")
        #expect(fixed.loss == plain.loss && fixed.tokens == plain.tokens)
        let empty = try Self.figures("--checkpoint \(model) --cache --cache-lambda 0")
        #expect(abs(empty.loss - plain.loss) < 1e-12 && empty.tokens == plain.tokens)
        let dynamic = try Self.figures("--checkpoint \(model) --dynamic --dynamic-rate 0.5 --dynamic-window 5")
        let held = try Self.figures("--checkpoint \(model) --dynamic --dynamic-rate 0.5 --dynamic-window 5 --dynamic-decay 0.9")
        #expect(dynamic.loss != plain.loss && held.loss != plain.loss, "\(dynamic) \(plain)")
        #expect(abs(held.loss - plain.loss) < abs(dynamic.loss - plain.loss), "\(held) \(dynamic) \(plain)")
        let scaled = "--checkpoint \(model) --dynamic --dynamic-rms train.txt --dynamic-window 5"
        #expect(try Self.figures("\(scaled) --dynamic-rate 0") == plain)
        let learned = try Self.figures(scaled)
        #expect(learned.loss < plain.loss && learned != dynamic, "\(learned) \(plain)")
        #expect(try Self.figures("\(scaled) --dynamic-epsilon 1e6").loss != learned.loss)
        let cache = try Self.figures("--checkpoint \(model) --cache --cache-theta 0")
        #expect(cache.loss < plain.loss && cache.loss != dynamic.loss, "\(cache) \(plain)")
    }

    @Test("Both together, and with n-grams, are no worse than the best of them by themselves on the tuning text")
    func together() throws {
        try #require(
            try SmallModels.shell("$R ngram --train train.txt --vocabulary word --order 2 --arpa adapted.arpa").status == 0)
        let both = "--checkpoint word --dynamic --dynamic-rate 0.5 --cache"
        let mixed = try Self.figures("\(both) --interpolate adapted.arpa --tune valid.txt")
        #expect(try mixed.loss <= Self.figures(both).loss)
        #expect(try mixed.loss <= Self.figures("--checkpoint word --interpolate adapted.arpa --weight 0").loss)
    }

    @Test("A rate at which dynamic evaluation diverges is warned of or refused, and JSON has the settings")
    func divergence() throws {
        func evaluate(_ options: String) throws -> ProgramRun {
            try SmallModels.shell("$R evaluate --checkpoint word/best.safetensors --data valid.txt --json \(options)")
        }
        let sound = try evaluate("--dynamic --dynamic-rms train.txt --cache --cache-size 70")
        #expect(sound.status == 0 && sound.errors.isEmpty, "\(sound)")
        #expect(
            sound.output.hasSuffix(
                "\"dynamic_rate\":0.002,\"dynamic_decay\":0.02,\"dynamic_window\":20,\"dynamic_epsilon\":0.001,\"dynamic_rms\":\"train.txt\","
                    + "\"cache_size\":70,\"cache_theta\":0.3,\"cache_lambda\":0.1}\n"), "\(sound)")
        for rate in ["100", "1e30"] {
            let diverged = try evaluate("--dynamic --dynamic-rate \(rate)")
            #expect(
                diverged.errors.contains("It has probably diverged: lower --dynamic-rate.")
                    || diverged.status == 65 && diverged.errors.contains("Lower --dynamic-rate."), "\(diverged)")
        }
        try #require(
            try SmallModels.shell("$R ngram --train train.txt --vocabulary word --order 2 --arpa hidden.arpa").status == 0)
        let mixed = try evaluate("--dynamic --dynamic-rate 100 --interpolate hidden.arpa --weight 0.01")
        #expect(mixed.status == 0 && mixed.errors.contains("It has probably diverged"), "\(mixed)")
    }

    @Test("--skip-unknown also holds for the text of --dynamic-rms")
    func skippedInStatistics() throws {
        try SmallModels.write("rms.txt", "the \u{2603} cat sat on the mat\n")
        let command = "$R evaluate --checkpoint char --data valid.txt --json --dynamic --dynamic-rms rms.txt"
        let refused = try SmallModels.shell(command)
        #expect(refused.status == 65 && refused.errors.contains("--skip-unknown"), "\(refused)")
        let skipping = try SmallModels.shell(command + " --skip-unknown")
        #expect(skipping.status == 0 && skipping.output.contains("\"skipped_characters\":0"), "\(skipping)")
        #expect(skipping.errors.contains("rms.txt: skipped 1 character that is not in the vocabulary"), "\(skipping)")
    }

    @Test(
        "Options that do not belong together are refused with status 64",
        arguments: [
            ("--checkpoint word --dynamic-rate 1", "--dynamic-rate has no effect without --dynamic."),
            ("--checkpoint word --dynamic-rms train.txt", "--dynamic-rms has no effect without --dynamic."),
            ("--checkpoint word --dynamic --dynamic-epsilon 1", "--dynamic-epsilon has no effect without --dynamic-rms."),
            (
                "--checkpoint word --dynamic --dynamic-rms train.txt --dynamic-epsilon 0",
                "dynamic-epsilon is 0; it must be a number"
            ),
            ("--checkpoint word --dynamic --cache-size 5", "--cache-size has no effect without --cache."),
            ("--checkpoint word --cache --cache-lambda 1", "cache-lambda is 1; it must be a number"),
            ("--checkpoint word --dynamic --dynamic-window 0", "dynamic-window is 0; it must be a whole number"),
            ("--checkpoint some.arpa --cache", "--cache needs a network as --checkpoint"),
        ])
    func refusals(options: String, message: String) throws {
        try #require(try SmallModels.shell("$R ngram --train train.txt --order 1 --arpa some.arpa").status == 0)
        let outcome = try SmallModels.shell("$R evaluate --data valid.txt \(options)")
        #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains(message), "\(outcome)")
    }
}
