import Foundation
import TestSupport
import Testing

/// Whole runs in which the n-th call on files of the run's folder fails, for n from 1 until a run makes no more calls.
@Suite("Failing calls on files", .serialized)
struct FileFaultTests {
    /// The step between the numbers of failing calls; 1 if RNNTRAIN_EVERY_CALL is set.
    private static let stride = isThorough ? 1 : 31
    private static let isThorough = ProcessInfo.processInfo.environment["RNNTRAIN_EVERY_CALL"] != nil
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "1", "--checkpoint-every",
        "3 steps", "--validate-every", "6", "--log-every", "4",
    ]
    /// The number of a call during training, after a few checkpoints.
    private static let midway = 300
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 100, validLines: 10) }

    private static let library = ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path

    private func rnntrain(_ arguments: [String], fault: (call: Int, kind: Int32)? = nil, stays: Bool = false) throws -> ProgramRun
    {
        var environment = ["SWIFT_BACKTRACE": "enable=no"]
        if let fault {
            environment = [
                "LD_PRELOAD": Self.library, "RNNTRAIN_FAULT_FOLDER": texts.path("run"), "RNNTRAIN_FAULT": "\(fault.kind)",
                "RNNTRAIN_FAULT_CALL": "\(fault.call)", "RNNTRAIN_FAULT_MARK": texts.path("mark"),
            ]
            if stays { environment["RNNTRAIN_FAULT_STAYS"] = "1" }
        }
        return try ProgramRun.alone("rnntrain", arguments, environment: environment, folder: texts.folder)
    }

    /// 0 ends the process, -1 makes a partial write.
    @Test(
        "After any failing call a run succeeds, or ends with one message and resumes to the same bits",
        arguments: [ENOSPC, EIO, 0, -1], [false, true])
    func everyCall(kind: Int32, whileResumed: Bool) throws {
        let digest = try undisturbed()
        var call = 1 + Int(kind & 7) % Self.stride
        var completed = 0
        while true {
            try prepare(whileResumed: whileResumed)
            let arguments = whileResumed ? ["--run", texts.path("run"), "--resume"] : texts.arguments(run: "run")
            let outcome = try rnntrain(arguments, fault: (call, kind))
            let hasFired = FileManager.default.fileExists(atPath: texts.path("mark"))
            try check(outcome, "call \(call), fault \(kind)", digest)
            if outcome.status == 0 { completed += 1 }
            if !hasFired { break }
            call += Self.stride
        }
        #expect(call > (whileResumed ? 50 : 100), "too few calls were counted")
        // A partial write is continued. During training, a full disk does not end the run at once.
        if kind != 0 { #expect(completed * Self.stride >= (kind == -1 ? call : call / 2), "too few runs completed") }
    }

    @Test("No failing call of a write takes the job's own checkpoint for one of another run")
    func retriedWrite() throws {
        // Each call of more than one checkpoint, the synchronisation of the folder after the renaming among them.
        for call in Self.midway..<Self.midway + 40 {
            try prepare(whileResumed: false)
            let outcome = try rnntrain(texts.arguments(run: "run"), fault: (call, EIO))
            let names = try FileManager.default.contentsOfDirectory(atPath: texts.path("run/checkpoints"))
            #expect(!names.contains { $0.hasPrefix("unused-") }, "call \(call): \(names), \(outcome)")
        }
    }

    @Test("A disk that stays full ends the run after half a minute, which is no stall, and the run resumes when there is space")
    func fullDisk() throws {
        let digest = try undisturbed()
        try prepare(whileResumed: false)
        let fault =
            "LD_PRELOAD='\(Sanitizers.plainFaultLibrary ?? Self.library)':$LD_PRELOAD RNNTRAIN_FAULT=\(ENOSPC) RNNTRAIN_FAULT_CALL=\(Self.midway) RNNTRAIN_FAULT_STAYS=1"
        let twoRanks = try texts.start(
            ranks: 2, run: "two", ["--stall-limit", "2s"],
            prelude:
                "[ \"$OMPI_COMM_WORLD_RANK\" = 0 ] && export \(fault) RNNTRAIN_FAULT_FOLDER='\(texts.path("two"))'"
        )
        let start = Date()
        let outcome = try rnntrain(
            texts.arguments(run: "run", ["--stall-limit", "2s"]), fault: (Self.midway, ENOSPC), stays: true)
        #expect(outcome.status == 74 && Date().timeIntervalSince(start) > 29, "\(outcome)")
        let ofTwo = try twoRanks.end(timeLimit: 60)
        #expect(ofTwo.status == 74 && ofTwo.errors.contains("No space left") && texts.hasNoRank(run: "two"), "\(ofTwo)")
        let warning = outcome.errors.split(separator: "\n").first { $0.hasSuffix("tried again for 30 seconds.") }
        #expect(warning?.hasPrefix("rnntrain: warning: ") == true && warning?.contains("No space left") == true, "\(outcome)")
        try check(outcome, "a full disk", digest, lines: 6)
    }

    /// An empty folder, or a run that a signal ended in the middle.
    private func prepare(whileResumed: Bool) throws {
        for name in ["run", "mark"] { try? FileManager.default.removeItem(atPath: texts.path(name)) }
        guard whileResumed else { return }
        if !FileManager.default.fileExists(atPath: texts.path("half")) {
            let first = try rnntrain(texts.arguments(run: "run"), fault: (Self.midway, 0))
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: texts.path("run/checkpoints"))
            try #require(first.status == 137 && checkpoints.count > 1, "\(first), \(checkpoints)")
            try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("half"))
        }
        try FileManager.default.copyItem(atPath: texts.path("half"), toPath: texts.path("run"))
    }

    private func check(_ outcome: ProgramRun, _ what: String, _ digest: String, lines: Int = 2) throws {
        #expect([0, 66, 74, 137].contains(outcome.status) && !outcome.timedOut, "\(what): \(outcome)")
        if outcome.status != 0, outcome.status != 137 {
            #expect(outcome.errors.split(separator: "\n").count <= lines && !outcome.errors.isEmpty, "\(what): \(outcome)")
        }
        let isRun = FileManager.default.fileExists(atPath: texts.path("run/config.toml"))
        if isRun {
            let verified = try rnntrain(["verify", texts.path("run")])
            #expect(verified.status == 0, "\(what): \(verified)")
        }
        if outcome.status != 0 {
            let again = isRun ? ["--run", texts.path("run"), "--resume"] : texts.arguments(run: "run")
            let resumed = try rnntrain(again)
            #expect(resumed.status == 0, "\(what): \(outcome) and then \(resumed)")
        }
        #expect(try RunLog(run: texts.path("run")).finalDigest == digest, "\(what): \(outcome)")
    }

    /// The digest of a run without a fault.
    private func undisturbed() throws -> String {
        let outcome = try rnntrain(texts.arguments(run: "whole"))
        try #require(outcome.status == 0, "\(outcome)")
        return try #require(try RunLog(run: texts.path("whole")).finalDigest)
    }
}
