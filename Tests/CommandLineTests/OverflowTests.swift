import Foundation
import TestSupport
import Testing

/// Models whose outputs are not finite, although their parameters are.
@Suite("Numbers that overflow", .serialized)
struct OverflowTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--epochs", "1",
    ]

    @Test("evaluate, score, generate and the test of a run end with status 65, and report the position")
    func output() throws {
        let texts = try TrainingFolder(options: Self.options, lines: 30, validLines: 10)
        let trained = try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder)
        try #require(trained.status == 0, "\(trained)")
        let best = texts.path("run/best.safetensors")
        try CheckpointForgery.write(
            best, to: best, texts: { $0["parameters_digest"] = nil },
            arrays: { name, values in
                if name.hasPrefix("decoder") { for index in values.indices { values[index] = index % 2 == 0 ? 3e38 : -3e38 } }
            })
        for command in [
            ["evaluate", "--data", "test.txt"], ["evaluate", "--json", "--data", "test.txt"], ["score", "--data", "test.txt"],
            ["generate"],
        ] {
            let outcome = try ProgramRun.alone("rnntrain", command + ["--checkpoint", best], folder: texts.folder)
            #expect(
                outcome.status == 65 && outcome.errors.contains("the numbers of this model overflow: its output for "),
                "\(outcome)")
            #expect(outcome.errors.contains("token ") && !outcome.output.contains("nan"), "\(outcome)")
        }
        let estimate = ["ngram", "--train", "test.txt", "--order", "2", "--vocabulary", best, "--arpa", "test.arpa"]
        #expect(try ProgramRun.alone("rnntrain", estimate, folder: texts.folder).status == 0)
        let tuned = try ProgramRun.alone(
            "rnntrain",
            ["evaluate", "--checkpoint", best, "--data", "test.txt", "--interpolate", "test.arpa", "--tune", "test.txt"],
            folder: texts.folder)
        #expect(
            tuned.status == 65 && tuned.errors.contains(" of test.txt is not finite") && !tuned.errors.contains("the weight of"),
            "\(tuned)")
        // The log has the digest of the parameters.
        try FileManager.default.removeItem(atPath: texts.path("run/metrics.jsonl"))
        let resumed = try ProgramRun.alone("rnntrain", ["--run", texts.path("run"), "--resume"], folder: texts.folder)
        #expect(
            resumed.status == 65 && resumed.errors.contains("of the test text is not finite. The model has diverged."),
            "\(resumed)")
        #expect(try RunLog(run: texts.path("run")).events.last?["event"] == "end")
    }

    @Test("A classifier without finite outputs on the test text has no test accuracy")
    func accuracy() throws {
        let scratch = try ScratchFolder()
        let lines = (0..<40).map { "\(["a", "b"][$0 % 2])\tw\($0 % 3) w\($0 % 5) w\($0 % 2)\n" }
        try scratch.write(lines.joined(), to: "text.txt")
        let options = [
            "--config", "/dev/null", "--task", "classifier", "--text", "text.txt", "--run", "run", "--cell", "elman",
            "--nonlinearity", "relu", "--optimizer", "sgd", "--learning-rate", "1e30", "--clip", "0", "--max-rollbacks", "0",
            "--max-bad-steps", "1000",
        ]
        let outcome = try ProgramRun.alone("rnntrain", options + Self.options, folder: scratch.folder)
        #expect(outcome.status == 65 && !outcome.output.contains(" right)"), "\(outcome)")
        let log = try String(contentsOfFile: scratch.file("run/metrics.jsonl"), encoding: .utf8)
        let end = try #require(log.split(separator: "\n").last)
        #expect(end.contains("\"test_correct\":null,\"test_accuracy\":null"), "\(end)")
    }

    @Test("A loss far above that of a uniform model causes a warning, and its perplexity is printed as a bound")
    func divergence() throws {
        let texts = try TrainingFolder(options: Self.options, lines: 30, validLines: 10)
        let options = texts.arguments(run: "run", ["--init", "uniform", "--init-scale", "100000"])
        let outcome = try ProgramRun.alone("rnntrain", options, folder: texts.folder)
        let warnings = outcome.errors.split(separator: "\n").filter {
            $0.contains("Training diverges: use a lower --learning-rate")
        }
        #expect(outcome.status == 0 && warnings.count == 1, "\(outcome)")
        #expect(outcome.output.contains("perplexity over 1e308") && !outcome.output.contains("inf"), "\(outcome)")
    }
}
