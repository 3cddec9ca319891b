import Foundation
import TestSupport
import Testing

/// Mapped files with a page that cannot be read.
@Suite("Bad blocks of a disk under texts and token files", .serialized)
struct UnreadableBlockTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--epochs", "1",
    ]
    private static let page = sysconf(Int32(_SC_PAGESIZE))
    private static let library =
        Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 2000, validLines: 10) }

    /// Runs the program. Page 2 of `name` cannot be read.
    private func rnntrain(_ arguments: [String], failing name: String) throws -> ProgramRun {
        let environment = [
            "LD_PRELOAD": Self.library, "RNNTRAIN_FAULT_FOLDER": texts.path(name), "RNNTRAIN_FAULT_PAGE": "2",
        ]
        return try ProgramRun.alone("rnntrain", arguments, environment: environment, folder: texts.folder)
    }

    private func message(_ name: String) -> String {
        "\(texts.path(name)): cannot read the file at byte \(2 * Self.page): Input/output error."
    }

    @Test("A bad block of a text ends the start of a run with status 74, and no folder remains")
    func start() throws {
        let outcome = try rnntrain(texts.arguments(run: "run"), failing: "train.txt")
        #expect(outcome.status == 74 && outcome.errors.hasPrefix("rnntrain: error: " + message("train.txt")), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }

    @Test("A bad block of a text ends an evaluation with status 74")
    func evaluate() throws {
        let whole = try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder)
        try #require(whole.status == 0, "\(whole)")
        let arguments = ["evaluate", "--checkpoint", texts.path("run/best.safetensors"), "--data", texts.path("train.txt")]
        let outcome = try rnntrain(arguments, failing: "train.txt")
        #expect(outcome.status == 74 && outcome.errors.hasPrefix("rnntrain: error: " + message("train.txt")), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.output == "", "\(outcome)")
    }

    @Test("A bad block of a token file ends training on all ranks with status 74, and the checkpoints are complete")
    func tokens() throws {
        let prelude =
            "export LD_PRELOAD='\(Self.library)':$LD_PRELOAD RNNTRAIN_FAULT_PAGE=2 RNNTRAIN_FAULT_LATER=1 "
            + "RNNTRAIN_FAULT_FOLDER='\(texts.path("run/data/train.tokens"))'"
        let options = ["--epochs", "100000", "--checkpoint-every", "10 steps"]
        let program = try texts.start(ranks: 2, run: "run", options, prelude: prelude)
        try #require(waitFor(30) { texts.checkpointSteps(run: "run").last ?? 0 > 0 })
        // One of the ranks reads the page; process numbers, which begin again at a maximum, do not say which.
        for rank in ProcessTable.processes(of: "rnntrain", naming: texts.path("run")) { kill(rank, SIGPROF) }
        let outcome = try program.end(timeLimit: 30)
        #expect(outcome.status == 74 && !outcome.timedOut, "\(outcome)")
        let errors = outcome.errors.split(separator: "\n").filter { $0.contains("rnntrain: error: ") }
        #expect(errors.count == 1 && errors[0].contains(message("run/data/train.tokens")), "\(outcome)")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(verified.status == 0, "\(verified)")
    }
}
