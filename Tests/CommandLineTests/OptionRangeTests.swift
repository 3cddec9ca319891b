import Configuration
import Foundation
import Kinds
import TestSupport
import Testing

@Suite("Options at the ends of their ranges")
struct OptionRangeTests {
    /// The largest and smallest values of the types of options, values that are not numbers, and values beyond single or double precision.
    private static let extremes = [
        "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e39", "-1e39", "1e-46", "-1e-46", "1e308",
        "5e-324",
        "1e400", "1e-400", "-0.0", "nan", "inf", "-inf", "0.99999999999999", String(repeating: "9", count: 10_000), "", " ",
    ]

    /// Keys of a number or a time.
    private static let ranged = ConfigurationKey.allCases.filter { !$0.ends.isEmpty }

    @Test(
        "Every numeric key has a range, whose ends are valid on the command line, in a file and in a stored configuration")
    func ends() throws {
        let unbounded = ConfigurationKey.allCases.filter { $0.ends.isEmpty && $0.expectation.hasSuffix(" number") }
        #expect(unbounded.isEmpty, "\(unbounded)")
        for key in Self.ranged {
            for end in key.ends {
                var configuration = TrainingConfiguration()
                #expect(throws: Never.self, "\(key.rawValue) \(end)") { try configuration.set(key, argument: end) }
                let stored = try JSONDecoder().decode(TrainingConfiguration.self, from: JSONEncoder().encode(configuration))
                #expect(stored == configuration, "\(key.rawValue) \(end)")
                var read = TrainingConfiguration()
                try ConfigurationFile(text: configuration.toml, path: "a").apply(to: &read)
                #expect(read == configuration, "\(key.rawValue) \(end)")
            }
        }
    }

    @Test(
        "Each extreme value of a key is accepted and unchanged after a file, or refused with the key and its range"
    )
    func extremes() throws {
        for key in Self.ranged {
            for text in Self.extremes {
                var configuration = TrainingConfiguration()
                do throws(ConfigurationError) {
                    try configuration.set(key, argument: text)
                } catch {
                    let message = error.description
                    #expect(
                        message.hasPrefix("\(key.option) is ") && message.contains("it must be \(key.expectation)"),
                        "\(message)")
                    #expect(message.utf8.count < 400 && error.exitStatus == .usage)
                    #expect(configuration == TrainingConfiguration())
                    continue
                }
                var read = TrainingConfiguration()
                try ConfigurationFile(text: configuration.toml, path: "a").apply(to: &read)
                #expect(read == configuration, "\(key.rawValue) \(text)")
            }
        }
    }

    @Test("The program refuses extremes of every key on the command line, in a file, and in a run's configuration")
    func program() throws {
        let scratch = try ScratchFolder()
        for key in Self.ranged {
            let refused = "the number -1e+39; it must be \(key.expectation)."
            let line = try ProcessRunner.rnntrain(["--\(key.rawValue)", "-1e39"], in: scratch.folder)
            #expect(
                line.status == 64 && line.errors == "rnntrain: error: \(key.option) is -1e39; it must be \(key.expectation).\n",
                "\(line)")
            try scratch.write("\n\(key.rawValue) = -1e39\n", to: "own.toml")
            let file = try ProcessRunner.rnntrain(["--config", "own.toml", "--dry-run"], in: scratch.folder)
            #expect(
                file.status == 64 && file.errors == "rnntrain: error: own.toml:2:1: \(key.rawValue) is \(refused)\n",
                "\(file)")
            try scratch.write("\(key.rawValue) = -1e39\n", to: "run/config.toml")
            let run = try ProcessRunner.rnntrain(["--run", "run", "--resume"], in: scratch.folder)
            #expect(
                run.status == 64 && run.errors == "rnntrain: error: run/config.toml:1:1: \(key.rawValue) is \(refused)\n",
                "\(run)")
        }
    }

    /// Keys whose range ends change the size of the model or the batch. The other keys change only the behaviour of a run.
    private static let sizes: Set<ConfigurationKey> = [
        .layers, .embeddingSize, .hiddenSize, .batchSize, .windowLength, .shards, .vocabularySize, .minimumCount,
        .inputLayerSize, .outputLayerSize, "projection-size", "transition-mlp", "max-ent-order", "max-ent-size",
    ]

    @Test("A run succeeds with all numbers at the lower or the upper ends of their ranges", arguments: [true, false])
    func runs(atUpperEnds: Bool) throws {
        let texts = try TrainingFolder(lines: 30, validLines: 10)
        // With momentum, or with Adam's decays. The run may take long, and may roll back as often as necessary.
        let optimizer = atUpperEnds ? "sgd" : "adam"
        let left: Set<ConfigurationKey> = [.timeLimit, .epochs, .maxRollbacks, "beta2"]
        let options = Self.ranged.filter { !Self.sizes.contains($0) && !left.contains($0) && isRead($0, by: optimizer) }.flatMap {
            ["--\($0.rawValue)", (atUpperEnds ? $0.ends.last : $0.ends.first) ?? ""]
        }
        let others = ["--optimizer", optimizer, "--epochs", "1", "--stall-limit", "100"]
        let run = try ProgramRun.onRanks(2, "rnntrain", texts.arguments(run: "run", options + others), folder: texts.folder)
        // Numbers of this size diverge, and the run reports it.
        #expect(run.status == 0 || (run.status == 64 && run.errors.contains("training has diverged")), "\(run)")
    }

    /// Whether a key belongs to no kind, to this optimizer, or to a kind that is chosen by default.
    private func isRead(_ key: ConfigurationKey, by optimizer: String) -> Bool {
        guard let readers = key.readers else { return true }
        switch readers.chooser {
        case .optimizer: return readers.names.contains(optimizer)
        default: return readers.names.contains(TrainingConfiguration().value(of: readers.chooser)?.description ?? "")
        }
    }

    @Test("A run succeeds with epochs or decay at an end of the range")
    func others() throws {
        let texts = try TrainingFolder(lines: 30, validLines: 10)
        for options in [
            ["--beta1", "0.9999999", "--beta2", "0.9999999", "--epochs", "1"],
            ["--beta1", "1e-30", "--beta2", "1e-30", "--epochs", "1"],
            ["--epochs", "1000000", "--patience", "1", "--epsilon", "1e30", "--schedule", "step", "--decay-after", "0"],
            ["--seed", "9223372036854775807", "--epochs", "1", "--keep", "1000000", "--checkpoint-every", "0.001 minutes"],
        ] {
            let run = try ProgramRun.alone("rnntrain", texts.arguments(run: UUID().uuidString, options), folder: texts.folder)
            #expect(run.status == 0, "\(run)")
        }
    }

    @Test(
        "Sizes beyond any machine are refused before anything is allocated",
        arguments: [
            ["--hidden-size", "1000000", "--embedding-size", "1000000", "--layers", "1000"],
            ["--layers", "1000", "--hidden-size", "30000"],
            ["--batch-size", "10000000", "--bptt", "10000000"], ["--bptt", "10000000", "--hidden-size", "10000"],
        ])
    func sizes(options: [String]) throws {
        let texts = try TrainingFolder(lines: 30, validLines: 10)
        for more in [[], ["--dry-run"]] {
            let start = ContinuousClock.now
            let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options + more), folder: texts.folder)
            #expect([65, 70].contains(run.status) && run.errors.split(separator: "\n").count == 1, "\(run)")
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test(
        "A benchmark of sizes beyond any machine is refused",
        arguments: [
            ["--hidden", "1000000"], ["--layers", "1000", "--hidden", "30000"], ["--generate", "--hidden", "1000000"],
            ["--exchange-only", "--megabytes", "1000000"], ["--window", "10000000", "--batch-size", "10000000"],
        ])
    func benchmarks(options: [String]) throws {
        let outcome = try ProcessRunner.rnntrain(["benchmark"] + options)
        #expect(outcome.status == 70 && outcome.errors.contains("too little memory"), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    @Test(
        "An invalid value of an environment variable is refused with the valid values",
        arguments: [
            ("RNNTRAIN_CPU_LEVEL", "garbage", "an instruction set of this processor: "),
            ("RNNTRAIN_CPU_LEVEL", "avx9", "baseline"),
            ("SLURM_JOB_END_TIME", "tomorrow", "in seconds since 1970"),
            ("RNNTRAIN_CHECK_ONLY", "2", "1 to end before MPI starts"),
        ])
    func environment(name: String, value: String, expected: String) throws {
        let outcome = try ProcessRunner.run(ProcessRunner.program, ["--print-config"], environment: [name: value])
        #expect(outcome.status == 64, "\(outcome)")
        #expect(
            outcome.errors.hasPrefix("rnntrain: error: the environment variable \(name) is \(value); it must be "), "\(outcome)")
        #expect(outcome.errors.contains(expected), "\(outcome)")
        let empty = try ProcessRunner.run(ProcessRunner.program, ["--print-config"], environment: [name: ""])
        #expect(empty.status == 0, "\(empty)")
    }

    @Test("A message is one short line, whatever it quotes")
    func messages() throws {
        let long = String(repeating: "a", count: 100_000)
        for (arguments, status) in [
            (["--layers", long], 64), (["--cell", long], 64), (["--config", long], 66), (["--" + long], 64), ([long], 64),
            (["evaluate", "--checkpoint", long, "--data", "x"], 66), (["verify", long], 66),
            (["--train", long, "--valid", "b", "--run", "r"], 66), (["--resume", "--run", long], 66),
            (["benchmark", "--model", long], 64),
            (["--train", "a\nb", "--valid", "b", "--run", "r"], 66), (["--config", "a\nb"], 66),
        ] as [([String], Int32)] {
            let outcome = try ProcessRunner.rnntrain(arguments)
            #expect(
                outcome.status == status && outcome.errors.utf8.count < 2100, "\(outcome.status): \(outcome.errors.prefix(300))")
            if status == 66 { #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors.prefix(300))") }
        }
    }
}
