import Models
import Runs
import Tasks
import TestSupport
import Testing

@Suite("The division of a text's scores among processes")
struct ScoringShareTests {
    @Test(
        "Each process computes its part of the rows of the softmax and no other, and the parts are those of one process",
        arguments: [2, 3, 8, 60])
    func rows(processes: Int) throws {
        let texts = try TrainingFolder()
        let run = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", ["--epochs", "1"]), folder: texts.folder)
        try #require(run.status == 0, "\(run)")
        let tokens = (0..<50).map { Int32($0 * $0 % 7) }
        let stored = try StoredModel(checkpoint: texts.path("run/best.safetensors"), steps: 50)
        func values(_ share: ScoringShare) -> [Double] {
            let scorer = StreamTextScorer(stored.model, stored.symbols.special)
            return tokens.withUnsafeBufferPointer { scorer.values($0, isLast: true, share: share) }
        }
        let whole = values(.whole)
        try #require(whole.count == 49 && whole.allSatisfy { $0 > 0 })
        let parts = (0..<processes).map { values(ScoringShare(index: $0, of: processes)) }
        let most = (49 + processes - 1) / processes
        #expect(parts.allSatisfy { $0.count == most })
        #expect(parts.flatMap { $0.filter { $0 != 0 } } == whole)
    }
}
