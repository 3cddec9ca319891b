import Foundation
import TestSupport
import Testing

@Suite("A log that can no longer be written", .serialized)
struct LogFaultTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "5", "--epochs", "12", "--log-every", "1",
        "--checkpoint-every", "20 steps",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 100, validLines: 5) }

    private func rnntrain(_ arguments: [String], limit: String = "true") throws -> ProgramRun {
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        return try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", limit + "; exec \"$0\" \"$@\"", program] + arguments, environment: [:],
            folder: texts.folder, timeLimit: 60)
    }

    private func lastLoggedStep(_ run: String) throws -> Int {
        let steps = try RunLog(run: texts.path(run)).events.filter { $0["event"] == "step" }.compactMap { Int($0["step"] ?? "") }
        return try #require(steps.max())
    }

    @Test("ends the job before a checkpoint of a later step, so that a resume logs all steps")
    func limitOfFileSize() throws {
        try #require(try rnntrain(texts.arguments(run: "whole")).status == 0)
        let limited = try rnntrain(texts.arguments(run: "run"), limit: "ulimit -f 100")
        #expect(limited.status == 74 && limited.errors.contains("metrics.jsonl: cannot write: File too large."), "\(limited)")
        let (logged, all) = (try lastLoggedStep("run"), try lastLoggedStep("whole"))
        let checkpoints = texts.checkpointSteps(run: "run")
        #expect(logged < all, "\(logged) of \(all)")
        #expect(!checkpoints.isEmpty && checkpoints.allSatisfy { $0 <= logged }, "\(checkpoints) after step \(logged)")
        let verified = try rnntrain(["verify", texts.path("run")])
        #expect(verified.status == 0, "\(verified)")
        let resumed = try rnntrain(["--run", texts.path("run"), "--resume"])
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try RunLog(run: texts.path("run")).trace == RunLog(run: texts.path("whole")).trace)
    }
}
