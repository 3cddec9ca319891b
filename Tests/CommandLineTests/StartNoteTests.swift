import Foundation
import TestSupport
import Testing

@Suite("Notes at the start of a run")
struct StartNoteTests {
    private let texts: TrainingFolder

    init() throws {
        let options = ["--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1"]
        texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
    }

    private func start(_ options: String...) throws -> ProgramRun {
        let outcome = try ProgramRun.alone("rnntrain", options, folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return outcome
    }

    @Test("The default learning rate with an optimizer that learns little with it is named, with a usual one")
    func learningRate() throws {
        let words = "note: the learning rate is the default, "
        for (options, usual) in [
            (["--optimizer", "sgd"], "5"), (["--optimizer", "nesterov", "--momentum", "0.9"], "0.5"),
            (["--optimizer", "adagrad"], "0.05"), (["--optimizer", "adam"], nil),
            (["--optimizer", "sgd", "--learning-rate", "0.5"], nil),
        ] {
            let outcome = try ProgramRun.alone(
                "rnntrain", options + ["--epochs", "1", "--run", UUID().uuidString], folder: texts.folder)
            try #require(outcome.status == 0, "\(outcome)")
            #expect(outcome.errors.contains(words) == (usual != nil), "\(outcome)")
            if let usual { #expect(outcome.errors.contains("Try --learning-rate \(usual)."), "\(outcome)") }
        }
    }

    @Test("An adaptive softmax without clusters is named, with numbers that make some")
    func cutoffs() throws {
        let options = ["--output", "adaptive", "--epochs", "1"]
        let without = try ProgramRun.alone("rnntrain", texts.arguments(run: "without", options), folder: texts.folder)
        try #require(without.status == 0, "\(without)")
        let advice = try #require(without.errors.firstMatch(of: /has no clusters: .* Try --cutoffs ([0-9]+,[0-9]+)\./)?.1)
        let with = try ProgramRun.alone(
            "rnntrain", texts.arguments(run: "with", options + ["--cutoffs", String(advice)]), folder: texts.folder)
        #expect(with.status == 0 && !with.errors.contains("clusters"), "\(with)")
    }

    @Test("Ranks that share a core are named")
    func cores() throws {
        for prelude in ["taskset -pc 0 $$ >/dev/null", nil] {
            let outcome = try ProgramRun.startOnRanks(
                prelude == nil ? 1 : 2, "rnntrain", ["--epochs", "1", "--run", UUID().uuidString], prelude: prelude,
                folder: texts.folder
            ).end(timeLimit: 60)
            try #require(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("  cores    ranks 0 to 1 share 1 core: ") == (prelude != nil), "\(outcome)")
            #expect(outcome.output.contains("  cores ") == (prelude != nil), "\(outcome)")
        }
    }

    @Test("A resume names the options that have changed, once")
    func changes() throws {
        _ = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", ["--epochs", "1"]), folder: texts.folder)
        let changed = try start("--run", texts.path("run"), "--resume", "--epochs", "2", "--learning-rate", "0.5")
        #expect(changed.output.contains("note: changed --learning-rate from "), "\(changed)")
        #expect(changed.output.contains(" to 0.5, --epochs from 1 to 2"), "\(changed)")
        let same = try start("--run", texts.path("run"), "--resume")
        #expect(!same.output.contains("changed"), "\(same)")
        let file = texts.path("run/config.toml")
        let text = try String(contentsOfFile: file, encoding: .utf8).replacing("\nepochs = 2\n", with: "\nepochs = 3\n")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let inFile = try start("--run", texts.path("run"), "--resume")
        #expect(inFile.errors.contains("epochs was 2 in the checkpoint, and is now 3"), "\(inFile)")
        #expect(!inFile.output.contains("changed --epochs"), "\(inFile)")
    }

    @Test("A resume with --schedule plateau and another rate or schedule says what the earlier validations make of the rate")
    func plateaus() throws {
        let options = ["--epochs", "1", "--validate-every", "2", "--epsilon", "100"]
        _ = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options), folder: texts.folder)
        let note = /becomes ([0-9.e-]+): --schedule plateau counts the ([0-9]+) validations without an improvement/
        let changed = try start(
            "--run", texts.path("run"), "--resume", "--epochs", "2", "--schedule", "plateau", "--log-every", "1")
        let words = try #require(changed.output.firstMatch(of: note), "\(changed)")
        let rates = try RunLog(run: texts.path("run")).events.filter { $0["event"] == "step" }.compactMap { $0["learning_rate"] }
        let lowered = rates.compactMap { Double($0) }.filter { $0 < 0.001 }
        let first = try #require(lowered.first)
        #expect(Double(words.1).map { abs($0 / first - 1) < 0.01 } == true, "\(words.0) \(first)")
        let same = try start("--run", texts.path("run"), "--resume", "--epochs", "2")
        #expect(same.output.firstMatch(of: note) == nil, "\(same)")
        let decay = try start("--run", texts.path("run"), "--resume", "--epochs", "3", "--decay", "0.9")
        #expect(decay.output.firstMatch(of: note) != nil, "\(decay)")
    }

    @Test("A run that clips each element by itself has no share of clipped steps on the terminal and in the log")
    func clippedByValue() throws {
        for mode in ["norm", "value"] {
            let options = ["--epochs", "1", "--clip", "0.0001", "--clip-mode", mode, "--log-every", "1"]
            let outcome = try ProgramRun.alone("rnntrain", texts.arguments(run: mode, options), folder: texts.folder)
            try #require(outcome.status == 0, "\(outcome)")
            let shares = try RunLog(run: texts.path(mode)).events.filter { $0["event"] == "step" }.map { $0["clipped"] }
            #expect(!shares.isEmpty && shares.allSatisfy { $0 == (mode == "norm" ? "1.0" : "null") }, "\(shares)")
            #expect(outcome.output.contains("% clipped)") == (mode == "norm"), "\(outcome)")
        }
    }
}
