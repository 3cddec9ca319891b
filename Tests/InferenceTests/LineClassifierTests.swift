import Inference
import Runs
import Tasks
import TestSupport
import TextData
import Testing

/// Labels of lines in batches, with classifiers trained for one epoch, against the evaluation of each line with each label.
@Suite("Labels of lines", .serialized)
struct LineClassifierTests {
    private static let labels = ["low", "mid", "top"]

    /// Lines of 1 to 70 words with a label.
    private static func lines(_ count: Int, seed: UInt64) -> String {
        var random = SeededRandom(state: seed)
        return (0..<count).map { number in
            let length = number % 17 == 3 ? 70 : Int.random(in: 1...12, using: &random)
            let words = (0..<length).map { _ in "w\(Int.random(in: 0...20, using: &random))" }
            return "\(labels[number % 3])\t\(words.joined(separator: " "))\n"
        }.joined()
    }

    private static func model(_ options: [String]) throws -> StoredModel {
        let small = [
            "--task", "classifier", "--hidden-size", "12", "--embedding-size", "8", "--layers", "1", "--batch-size", "8",
            "--epochs", "1",
        ]
        let texts = try TrainingFolder(options: small, lines: (100, 20, 20), text: lines)
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
        return try StoredModel(checkpoint: texts.path("run/best.safetensors"), steps: 40)
    }

    private static func text(_ text: String, _ model: StoredModel) -> OpenedText {
        OpenedText(name: "lines", bytes: Array(text.utf8), unit: model.unit)
    }

    @Test(
        "The loss of each label has the bits of evaluate, for any number of threads, streams, steps and lines of a piece",
        arguments: [[], ["--tokens", "char", "--cell", "gru"], ["--precision", "bf16"]])
    func sameBits(_ options: [String]) throws {
        let model = try Self.model(options)
        let texts = Self.lines(40, seed: 9).split(separator: "\n").map { String($0.dropFirst(4)) }
        let expected = try texts.map { line in
            try Self.labels.map { label in
                try TaskEvaluation(of: Self.text("\(label)\t\(line)\n", model), model: model, skippingUnknown: false).score.loss
            }
        }
        for (threads, streams, steps, lines) in [(1, 1, 16, 99), (2, 7, 16, 99), (3, 32, 5, 15), (2, 32, 200, 1)] {
            var limits = BatchLimits(vocabularySize: 3)
            (limits.threads, limits.streams, limits.steps, limits.lines) = (threads, streams, steps, lines)
            let classifier = try LineClassifier(model, keepsLosses: true, limits)
            var predictions: [LabelPrediction?] = []
            try classifier.classify(Self.text(texts.joined(separator: "\n") + "\n", model)) { line in
                predictions.append(line.prediction)
                #expect(line.number == predictions.count)
            }
            #expect(predictions.map { $0?.losses } == expected, "\(threads) threads, \(streams) streams, \(steps) steps")
            for (prediction, losses) in zip(predictions, expected) {
                #expect(prediction?.loss == losses.min() && prediction?.loss == losses[prediction?.label ?? 0])
            }
            #expect(classifier.labels.names == Self.labels)
        }
    }

    @Test("Lines without text have no label, and the other lines keep theirs")
    func blankLines() throws {
        let model = try Self.model([])
        func predictions(_ text: String) throws -> [LabelPrediction?] {
            var found: [LabelPrediction?] = []
            try LineClassifier(model, keepsLosses: false).classify(Self.text(text, model)) { found.append($0.prediction) }
            return found
        }
        let alone = try predictions("w1 w2 w3\n") + predictions("w4\n")
        #expect(try predictions("\nw1 w2 w3\r\n \t\n\r\nw4") == [nil, alone[0], nil, nil, alone[1]])
        #expect(try predictions("\n") == [nil])
        #expect(alone.allSatisfy { $0?.losses == [] })
    }
}
