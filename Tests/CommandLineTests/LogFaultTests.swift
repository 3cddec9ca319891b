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

    // MARK: Other files in the way

    private static let never = "1000000000"
    private static let endless = ["--epochs", "100000"]
    private static let unvalidated = endless + ["--validate-every", never]

    /// Starts a training in `run` in which the first call on a file whose name or path begins with `slow` takes two seconds, and then creates `mark`.
    private func start(_ more: [String], slow: String? = nil) throws -> RunningProgram {
        let library = Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
        let fault = slow.map {
            [
                "LD_PRELOAD": library, "RNNTRAIN_FAULT_FOLDER": $0, "RNNTRAIN_FAULT_CALL": "1", "RNNTRAIN_FAULT": "-3",
                "RNNTRAIN_FAULT_SECONDS": "2", "RNNTRAIN_FAULT_MARK": texts.path("mark"),
            ]
        }
        return try ProgramRun.start(
            "rnntrain", texts.arguments(run: "run", more), environment: fault ?? [:], folder: texts.folder)
    }

    private var isMarked: Bool { FileManager.default.fileExists(atPath: texts.path("mark")) }

    /// Puts a symbolic link in the place of a file of the run, in one operation. The file is then in the folder `old`.
    private func replaceByLink(_ name: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: texts.path("old"), withIntermediateDirectories: false)
        try files.linkItem(atPath: texts.path("run/" + name), toPath: texts.path("old/" + name))
        try files.createSymbolicLink(atPath: texts.path("link"), withDestinationPath: "nowhere")
        try #require(rename(texts.path("link"), texts.path("run/" + name)) == 0)
    }

    private func expectRefusal(_ outcome: ProgramRun) {
        #expect(outcome.status == 74 && outcome.errors.contains("run/metrics.jsonl is a symbolic link"), "\(outcome)")
    }

    /// A sample is logged while all ranks wait for rank 0, so that all of them have its error.
    @Test("A checkpoint that is being written is completed first", arguments: ["--log-every", "--sample-every"])
    func pendingCheckpoint(option: String) throws {
        let lines = option == "--log-every" ? [option, "50"] : ["--log-every", Self.never, option, "50"]
        let program = try start(
            Self.unvalidated + lines + ["--checkpoint-every", "5000 steps"], slow: ".step-00005000.safetensors")
        try #require(waitFor(30) { isMarked })
        try replaceByLink("metrics.jsonl")
        expectRefusal(try program.end(timeLimit: 30))
        let names = try FileManager.default.contentsOfDirectory(atPath: texts.path("run/checkpoints"))
        #expect(names.sorted() == ["step-00000000.safetensors", "step-00005000.safetensors"])
    }

    @Test("The last lines are printed with the figures of the test")
    func lastLines() throws {
        let program = try start([], slow: texts.path("run/best.safetensors"))
        try #require(waitFor(30) { isMarked })
        try replaceByLink("metrics.jsonl")
        let outcome = try program.end(timeLimit: 30)
        expectRefusal(outcome)
        for name in ["best", "test", "last"] { #expect(outcome.output.contains("\n  \(name) "), "\(outcome)") }
    }

    @Test("A validation is printed whose line the log does not take")
    func validation() throws {
        let unlogged = ["--log-every", Self.never, "--checkpoint-every", Self.never + " steps"]
        let program = try start(Self.endless + unlogged + ["--validate-every", "200"])
        try #require(waitFor(30) { (try? RunLog(run: texts.path("run")))?.events.last?["event"] == "validation" })
        try replaceByLink("metrics.jsonl")
        let outcome = try program.end(timeLimit: 30)
        expectRefusal(outcome)
        let logged = try RunLog(run: texts.path("old")).events.count(where: { $0["event"] == "validation" })
        #expect(outcome.lines.count(where: { $0.contains("  validation ") }) == logged + 1, "\(logged) in the log; \(outcome)")
    }

    @Test("The event file of TensorBoard does not end the job")
    func eventFile() throws {
        let program = try start(Self.unvalidated + ["--tensorboard", "--checkpoint-every", Self.never + " steps"])
        func byteCount() -> Int { (try? texts.bytes("run/metrics.jsonl"))?.count ?? 0 }
        try #require(waitFor(30) { byteCount() > 10_000 })
        try replaceByLink("events.out.tfevents.rnntrain")
        let before = byteCount()
        #expect(waitFor(30) { byteCount() > before + 10_000 })
        program.send(SIGUSR1)
        let outcome = try program.end(timeLimit: 30)
        #expect(outcome.status == 75, "\(outcome)")
        let warnings = outcome.errors.split(separator: "\n").filter { $0.contains("tfevents.rnntrain is a symbolic link") }
        #expect(warnings.count == 2, "\(outcome.errors)")
        #expect(warnings.last?.hasSuffix(" are not written; metrics.jsonl has the figures.") == true, "\(outcome.errors)")
        #expect(try RunLog(run: texts.path("run")).events.last?["event"] == "end")
    }
}
