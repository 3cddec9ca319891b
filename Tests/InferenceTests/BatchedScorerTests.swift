import Foundation
import Inference
import Runs
import TestSupport
import TextData
import Testing

/// Lines in batches, with models trained for one epoch, against the same lines one by one.
@Suite("Scores in batches", .serialized)
struct BatchedScorerTests {
    /// Lines of very different lengths, an empty one among them, and of unknown words.
    private static func text(lines: Int) -> String {
        var random = SeededRandom(state: 7)
        let rows = (0..<lines).map { number in
            let length = number % 17 == 3 ? 90 : Int.random(in: 0...12, using: &random)
            return (0..<length).map { _ in "w\(Int.random(in: 0...60, using: &random))" }.joined(separator: " ")
        }
        return rows.joined(separator: "\n") + "\n"
    }

    private static func model(_ options: [String]) throws -> (TrainingFolder, StoredModel) {
        let texts = try TrainingFolder()
        let run = try ProgramRun.alone(
            "rnntrain", texts.arguments(run: "run", ["--epochs", "1"] + options), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
        try texts.write("lines.txt", text(lines: 60))
        return (texts, try StoredModel(checkpoint: texts.path("run/best.safetensors"), steps: LineScorer.windowLength))
    }

    private static func lines(of scorer: any TokenScorer, _ texts: TrainingFolder) throws -> [ScoredLine] {
        var lines: [ScoredLine] = []
        try scorer.score(OpenedText(path: texts.path("lines.txt"), unit: scorer.vocabulary.unit)) { lines.append($0) }
        return lines
    }

    @Test(
        "The figures of each line have the bits of the line by itself, for any number of threads, streams, steps and lines of a piece",
        arguments: [[], ["--cell", "gru", "--output", "adaptive", "--cutoffs", "20"], ["--precision", "bf16"]])
    func sameBits(_ options: [String]) throws {
        let (texts, model) = try Self.model(options)
        let serial = LineScorer(model, carriesState: false)
        let expected = try Self.lines(of: serial, texts)
        #expect(expected.count == 60 && expected.contains { $0.tokens.count > 64 })
        for (threads, streams, steps, lines) in [(1, 1, 16, 99), (2, 7, 16, 99), (3, 32, 5, 25), (2, 32, 200, 1)] {
            var limits = BatchLimits(vocabularySize: model.vocabulary.size)
            (limits.threads, limits.streams, limits.steps, limits.lines) = (threads, streams, steps, lines)
            let batched = BatchedScorer(model, limits)
            #expect(try Self.lines(of: batched, texts) == expected, "\(threads) threads, \(streams) streams, \(steps) steps")
            #expect(batched.total == serial.total && batched.tokenCount == serial.tokenCount)
        }
    }

    @Test("An error of the reader ends the work, and the lines before an error in the text arrive")
    func errors() throws {
        struct Stop: Error {}
        let (texts, model) = try Self.model(["--tokens", "char"])
        let scorer = BatchedScorer(model)
        var count = 0
        #expect(throws: Stop.self) {
            try scorer.score(OpenedText(path: texts.path("lines.txt"), unit: .char)) { _ in
                count += 1
                if count == 3 { throw Stop() }
            }
        }
        #expect(count == 3)
        try texts.write("lines.txt", "w1 w2\nw3\n\u{221E}\nw4\n")
        var numbers: [Int] = []
        #expect(throws: (any Error).self) {
            try BatchedScorer(model).score(OpenedText(path: texts.path("lines.txt"), unit: .char)) { numbers.append($0.number) }
        }
        #expect(numbers == [1, 2])
    }
}
