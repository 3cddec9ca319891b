import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("with a schedule over the whole run")
    struct LearningRateTests {
        @Test("logs rates that rise during the warm-up and then follow the schedule to the end of the last epoch")
        func warmUp() throws {
            let texts = try TrainingFolder(lines: 60, validLines: 20)
            let options = ["--schedule", "cosine", "--warm-up", "4", "--log-every", "1", "--epochs", "2"]
            let ending = try texts.start(ranks: 2, run: "run", options).end(timeLimit: 60)
            try #require(ending.status == 0, "\(ending)")
            let steps = try RunLog(run: texts.path("run")).events.filter { $0["event"] == "step" }
            let rates = steps.compactMap { $0["learning_rate"].flatMap { Double($0) } }
            try #require(rates.count == steps.count && rates.count > 6)
            for (step, rate) in rates.enumerated() {
                let cosine = (1 + cos(Double.pi * Double(step) / Double(rates.count))) / 2
                let expected = 0.01 * cosine * min(1, Double(step + 1) / 4)
                #expect(abs(rate - expected) < 1e-5, "step \(step + 1)")
            }
        }
    }
}
