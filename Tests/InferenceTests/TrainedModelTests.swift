import Inference
import RNNTrain
import Runs
import TestSupport
import Testing

/// The library refuses what the commands refuse, and writes what they write.
@Suite("The library and the commands", .serialized)
struct TrainedModelTests {
    private static let small = [
        "--hidden-size", "12", "--embedding-size", "8", "--layers", "1", "--batch-size", "8", "--epochs", "1",
    ]

    private static func train(_ texts: TrainingFolder, _ options: [String] = []) throws {
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
    }

    @Test("A classifier is refused as by rnntrain score")
    func classifier() throws {
        let texts = try TrainingFolder(options: Self.small + ["--task", "classifier"], lines: (40, 10, 10)) { count, _ in
            (0..<count).map { "\($0 % 2 == 0 ? "even" : "odd")\tw\($0 % 7) x\n" }.joined()
        }
        try Self.train(texts)
        let error = #expect(throws: StoredRunError.self) { try TrainedModel(path: texts.path("run")) }
        let refused = try ProgramRun.alone(
            "rnntrain", ["score", "--checkpoint", "run", "--data", "test.txt"], folder: texts.folder)
        #expect(refused.status == 64 && refused.errors.contains("does not predict the tokens of a text"), "\(refused)")
        #expect(error.map { "\($0)".contains("does not predict the tokens of a text") } == true, "\(error as Any)")
    }

    @Test("A model of lines writes the line of rnntrain generate, and the temperature 0 is greedy")
    func lines() throws {
        let texts = try TrainingFolder(options: Self.small, lines: 60, validLines: 20)
        try Self.train(texts, ["--batching", "sentences"])
        let model = try TrainedModel(path: texts.path("run"))
        let prompts: [(String, [String])] = [("", []), ("w1", ["--prompt", "w1"]), ("the w2\n", ["--prompt", "the w2"])]
        for (prompt, options) in prompts {
            let command = ["generate", "--checkpoint", "run", "--length", "10"] + options
            let written = try ProgramRun.alone("rnntrain", command + ["--seed", "7"], folder: texts.folder)
            #expect(try model.generate(after: prompt, count: 10, seed: 7) + "\n" == written.output, "\(written)")
            let cold = try ProgramRun.alone("rnntrain", command + ["--temperature", "0"], folder: texts.folder)
            #expect(try model.generate(after: prompt, count: 10, temperature: 0) + "\n" == cold.output, "\(cold)")
        }
        #expect(throws: PromptLinesError.self) { try model.generate(after: "w1\nw2", count: 3) }
    }
}
