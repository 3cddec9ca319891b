import Foundation
import TestSupport
import Testing

/// Outputs that train with samples, with their default settings.
@Suite("Training with samples", .timeLimit(.minutes(Sanitizers.minutes(5))))
struct SampledTrainingTests {
    @Test("One epoch learns more than equal probabilities, by the exact loss", arguments: ["sampled", "nce", "blackout"])
    func defaults(output: String) throws {
        let texts = try TrainingFolder(options: [], lines: 20, validLines: 20)
        let words = 1500
        // Zipf's law: the logarithm of a word's rank is spread evenly.
        let ranks = (0..<11_000).map {
            exp((Double($0) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1) * log(Double(words)))
        }
        let lines = stride(from: 0, to: ranks.count, by: 10).map {
            ranks[$0..<$0 + 10].map { "w\(Int($0))" }.joined(separator: " ")
        }
        try texts.write("zipf.txt", lines.joined(separator: "\n") + "\n")
        let options = [
            "--text", texts.path("zipf.txt"), "--vocabulary-size", "0", "--output", output, "--hidden-size", "16",
            "--embedding-size", "16", "--layers", "1", "--batch-size", "10", "--bptt", "10", "--epochs", "1", "--learning-rate",
            "0.01", "--run", texts.path("run"),
        ]
        let outcome = try ProgramRun.alone("rnntrain", options, folder: texts.folder)
        let loss = try #require(outcome.output.firstMatch(of: /best +validation loss ([0-9.]+)/)?.1, "\(outcome)")
        #expect(
            try #require(Double(loss)) < log(Double(Set(lines.joined(separator: " ").split(separator: " ")).count)) - 0.5,
            "\(outcome)")
    }
}
