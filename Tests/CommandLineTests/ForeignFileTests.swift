import Foundation
import TestSupport
import Testing

/// Files that are valid on their own, in the folder of a run that has not written them.
@Suite("A file that a run has not written", .serialized)
struct ForeignFileTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--checkpoint-every",
        "4 steps",
    ]

    /// Two runs of two epochs that differ in their seeds, and the digest of the first after a third epoch.
    private struct Runs {
        let texts: TrainingFolder
        let steps: [Int]
        let digest: String

        init() throws {
            texts = try TrainingFolder(options: ForeignFileTests.options, lines: 50, validLines: 10)
            for (run, more) in [("own", []), ("other", ["--seed", "2"]), ("whole", ["--epochs", "3"])] {
                let outcome = try ProgramRun.alone(
                    "rnntrain", texts.arguments(run: run, ["--epochs", "2"] + more), folder: texts.folder)
                try #require(outcome.status == 0, "\(outcome)")
            }
            steps = texts.checkpointSteps(run: "own")
            digest = try #require(try RunLog(run: texts.path("whole")).finalDigest)
        }
    }

    nonisolated(unsafe) private static let runs = Result { try Runs() }  // the suite is serialized
    private let runs: Runs
    private var texts: TrainingFolder { runs.texts }
    private var newest: String { texts.checkpoint(run: "run", step: runs.steps.last ?? 0) }

    /// A copy of the run, in `run`.
    init() throws {
        runs = try Self.runs.get()
        try restore()
    }

    private func restore() throws {
        try? FileManager.default.removeItem(atPath: texts.path("run"))
        try FileManager.default.copyItem(atPath: texts.path("own"), toPath: texts.path("run"))
    }

    private func take(_ name: String, from run: String = "other") throws {
        try texts.write("run/\(name)", try texts.bytes("\(run)/\(name)"))
    }

    private func rnntrain(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, environment: ["SWIFT_BACKTRACE": "enable=no"], folder: texts.folder)
    }

    /// Expects that `verify` reports exactly this file, for a reason with these words.
    private func expectUnsound(_ name: String, _ words: String, location: SourceLocation = #_sourceLocation) throws {
        let outcome = try rnntrain("verify", texts.path("run"))
        let bad = outcome.lines.filter { $0.hasSuffix("NOT VALID") }
        #expect(outcome.status == 65 && bad.count == 1, "\(outcome)", sourceLocation: location)
        #expect(bad.allSatisfy { $0.contains("run/\(name)") }, "\(outcome)", sourceLocation: location)
        #expect(outcome.errors.contains(words), "\(outcome)", sourceLocation: location)
    }

    private func expectRefusal(
        _ outcome: ProgramRun, _ status: Int32 = 65, _ words: String..., location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome)", sourceLocation: location)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome)", sourceLocation: location) }
    }

    /// Expects that the run resumes from the previous checkpoint, reports the newest, and ends with the bits of an uninterrupted
    /// run.
    private func expectPassedOver(_ words: String, location: SourceLocation = #_sourceLocation) throws {
        let outcome = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3")
        #expect(outcome.status == 0, "\(outcome)", sourceLocation: location)
        let notice = outcome.errors.split(separator: "\n").first {
            $0.hasPrefix("rnntrain: warning: skipped: \(texts.path(newest))")
        }
        #expect(notice?.contains(words) == true, "\(outcome)", sourceLocation: location)
        #expect(try RunLog(run: texts.path("run")).finalDigest == runs.digest, "\(outcome)", sourceLocation: location)
    }

    @Test(
        "is told by verify if it is the best model, and evaluate and generate refuse it",
        arguments: ["seed", "parameters", "loss"])
    func best(change: String) throws {
        let best = texts.path("run/best.safetensors")
        let words: String
        switch change {
        case "seed":
            try take("best.safetensors")
            words = "its seed is 2, but the file has 1"
        case "parameters":
            try CheckpointForgery.changeParameters(of: best)
            words = "but the log has "
        default:
            try CheckpointForgery.changeLosses(of: best)
            words = "is 0.5, but the log has "
        }
        try expectUnsound("best.safetensors", words)
        expectRefusal(try rnntrain("evaluate", "--checkpoint", "run", "--data", "test.txt"), 65, "run/best.safetensors", words)
        expectRefusal(try rnntrain("generate", "--checkpoint", "run", "--length", "3"), 65, "run/best.safetensors", words)
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        #expect(resumed.status == 0 && resumed.output.contains("run/best.safetensors"), "\(resumed)")
        #expect(!resumed.output.contains("best     valid 0.5"), "\(resumed)")
    }

    @Test(
        "is told by verify and passed over on resume if it is the newest checkpoint", arguments: ["seed", "parameters", "loss"])
    func newestCheckpoint(change: String) throws {
        let words: String
        switch change {
        case "seed":
            try texts.write(newest, try texts.bytes(texts.checkpoint(run: "other", step: runs.steps.last ?? 0)))
            words = "its seed is 2, but the file has 1"
        case "parameters":
            try CheckpointForgery.changeParameters(of: texts.path(newest))
            words = "but the log has "
        default:
            try CheckpointForgery.changeLosses(of: texts.path(newest))
            words = "is 0.5, but the log has "
        }
        try expectUnsound(newest.replacing("run/", with: ""), words)
        try expectPassedOver(words)
    }

    @Test("is skipped on resume if it contradicts itself, with a token file or without", arguments: [true, false])
    func contradiction(hasTokens: Bool) throws {
        let window = #""window":\#(runs.steps.last ?? 0)"#
        try CheckpointForgery.write(
            texts.path(newest), to: texts.path(newest),
            texts: { texts in
                texts["state"]?.replace(/"epoch":[0-9]+/, with: #""epoch":1"#)
                texts["state"]?.replace(/"window":[0-9]+/, with: window)
            })
        if !hasTokens { try FileManager.default.removeItem(atPath: texts.path("run/data/train.tokens")) }
        try expectPassedOver("its state is at window \(runs.steps.last ?? 0) of an epoch")
    }

    @Test("does not replace the run's own checkpoints, at any step")
    func laterSteps() throws {
        for step in [90_000_000, 99_999_999] {
            let other = texts.path(texts.checkpoint(run: "other", step: runs.steps.last ?? 0))
            try CheckpointForgery.write(
                other, to: texts.path(texts.checkpoint(run: "run", step: step)),
                texts: { $0["state"]?.replace(/"(step|window)":[0-9]+/, with: { "\"\($0.1)\":\(step)" }) })
        }
        let outcome = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3")
        #expect(outcome.status == 0 && outcome.errors.components(separatedBy: "skipped: ").count == 3, "\(outcome)")
        #expect(try RunLog(run: texts.path("run")).finalDigest == runs.digest)
        #expect(texts.checkpointSteps(run: "run").filter { $0 < 90_000_000 }.count == 2)
    }

    @Test("is reported if it is the only checkpoint: status 65")
    func noneLeft() throws {
        for step in runs.steps {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        try texts.write(newest, try texts.bytes(texts.checkpoint(run: "other", step: runs.steps.last ?? 0)))
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        expectRefusal(resumed, 65, "config.toml", texts.path(newest), "its seed is 2, but the file has 1")
    }

    @Test("is reported if it is a log of another seed or with other digests")
    func log() throws {
        try take("metrics.jsonl")
        try expectUnsound("metrics.jsonl", "the log has 2")
        expectRefusal(try rnntrain("--run", texts.path("run"), "--resume"), 65, "run/metrics.jsonl", "move ")
        let text = String(decoding: try texts.bytes("own/metrics.jsonl"), as: UTF8.self)
        try texts.write("run/metrics.jsonl", text.replacing(/"parameters_digest":"./, with: #""parameters_digest":"x"#))
        try expectUnsound("metrics.jsonl", "but the log has x")
        try FileManager.default.removeItem(atPath: texts.path("run/metrics.jsonl"))
        #expect(try rnntrain("verify", texts.path("run")).status == 0)
        #expect(try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3").status == 0)
        #expect(try RunLog(run: texts.path("run")).finalDigest == runs.digest)
    }

    @Test("does not concern the log: repeated steps with another rate are valid; lost checkpoints are not")
    func repetition() throws {
        for step in runs.steps.dropFirst() {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        let resumed = try rnntrain("--run", texts.path("run"), "--resume", "--learning-rate", "0.05", "--epochs", "3")
        #expect(resumed.status == 0, "\(resumed)")
        let verified = try rnntrain("verify", texts.path("run"))
        #expect(verified.status == 0, "\(verified)")
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        try expectUnsound("checkpoints", "no checkpoint is left")
        try FileManager.default.createDirectory(atPath: texts.path("run/checkpoints"), withIntermediateDirectories: true)
        try expectUnsound("checkpoints", "no checkpoint is left")
    }

    @Test("A best model that is worse than another in the log is reported")
    func deniedBest() throws {
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        // Without checksums, as in logs of earlier versions: the changed line itself is not noticed.
        let changed = log.replacing("\"best\":true", with: "\"best\":false").replacing(/,"checksum":"[0-9a-f]+"/, with: "")
        try texts.write("run/metrics.jsonl", changed)
        try expectUnsound("best.safetensors", "by the log the best parameters were those of another step")
        let evaluated = try rnntrain("evaluate", "--checkpoint", texts.path("run"), "--data", texts.path("valid.txt"))
        #expect(evaluated.status == 65 && evaluated.errors.contains("by the log the best parameters"), "\(evaluated)")
    }

    @Test("evaluate refuses a best model of a step without a validation, and verify reports a step that the log skips")
    func unvalidatedBest() throws {
        let step = try #require(runs.steps.first { !validatedSteps.contains($0) })
        try texts.write("run/best.safetensors", try texts.bytes("own/checkpoints/\(checkpointName(step))"))
        let evaluated = try rnntrain("evaluate", "--checkpoint", texts.path("run"), "--data", texts.path("valid.txt"))
        #expect(evaluated.status == 65 && evaluated.errors.contains("best.safetensors"), "\(evaluated)")
        try expectUnsound("best.safetensors", "step \(step)")
    }

    private var validatedSteps: Set<Int> {
        Set(
            ((try? RunLog(run: texts.path("own")).events) ?? []).filter { $0["event"] == "validation" }
                .compactMap { $0["step"].flatMap { Int($0) } })
    }

    private func checkpointName(_ step: Int) -> String {
        URL(fileURLWithPath: texts.checkpoint(run: "own", step: step)).lastPathComponent
    }

    @Test("A token file of another text and a text with another time are each reported in one line")
    func tokens() throws {
        let train = texts.path("run/data/train.tokens")
        try texts.write("run/data/train.tokens", try texts.bytes("own/data/valid.tokens"))
        let resumed = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3")
        #expect(resumed.status == 0, "\(resumed)")
        #expect(resumed.output.contains("\(train) is of another text or vocabulary"), "\(resumed)")
        #expect(try RunLog(run: texts.path("run")).finalDigest == runs.digest)
        let past = Date(timeIntervalSinceNow: -1000)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: texts.path("train.txt"))
        let again = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "4")
        #expect(again.status == 0 && again.output.contains("train.txt was read again"), "\(again)")
    }

    @Test(
        "A file without read permission is not called damaged: status 66",
        arguments: ["best.safetensors", "metrics.jsonl", "config.toml"])
    func permission(name: String) throws {
        let path = texts.path("run/\(name)")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path) }
        // The superuser may read everything.
        let drop = getuid() == 0 ? ["setpriv", "--reuid", "65534", "--clear-groups"] : []
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        let outcome = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"), drop + [program, "verify", texts.path("run")], environment: [:],
            folder: texts.folder,
            timeLimit: 60)
        #expect(
            outcome.status == 66 && outcome.errors.contains("\(path): ") && outcome.errors.contains("Permission denied"),
            "\(outcome)")
        #expect(!outcome.errors.contains("--config"), "\(outcome)")
    }

    @Test(
        "A lock that this user may not write is named, with what to do, and not the folder",
        arguments: [
            (65534, 0o444, "Make the file readable and writable (chmod u+rw)"), (0, 0o644, "belongs to the user root (0), who"),
        ])
    func lockPermission(owner: Int, permissions: Int, advice: String) throws {
        let user = getuid() == 0 ? ["setpriv", "--reuid", "65534", "--clear-groups"] : []
        if user.isEmpty, owner == 0 { return }
        if !user.isEmpty { try #require(try SmallModels.shell("chown -R \(owner) '\(texts.path("run"))'").status == 0) }
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: texts.path("run/lock"))
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        let outcome = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"), user + [program, "--run", texts.path("run"), "--resume"], environment: [:],
            folder: texts.folder, timeLimit: 60)
        #expect(outcome.status == 74 && outcome.errors.contains(advice), "\(outcome)")
    }

    // MARK: The configuration of a run

    @Test("config.toml that is empty or lacks keys is completed from the newest checkpoint; verify lists the missing keys")
    func incompleteConfiguration() throws {
        let whole = String(decoding: try texts.bytes("own/config.toml"), as: UTF8.self)
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
        let partial = lines.filter { !$0.hasPrefix("layers = ") && !$0.hasPrefix("train = ") }.joined(separator: "\n")
        for (text, lacks) in [("", " and "), (partial, " lacks train, layers")] {
            try restore()
            try texts.write("run/config.toml", text)
            try expectUnsound("config.toml", "config.toml lacks ")
            let resumed = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3")
            #expect(resumed.status == 0, "\(resumed)")
            #expect(resumed.errors.contains("note: \(texts.path("run/config.toml")) lacks "), "\(resumed)")
            #expect(resumed.errors.contains(lacks) && resumed.errors.contains("taken from \(texts.path(newest))"), "\(resumed)")
            #expect(try RunLog(run: texts.path("run")).finalDigest == runs.digest)
            #expect(try rnntrain("verify", texts.path("run")).status == 0)
        }
    }

    @Test("config.toml that lacks keys without a checkpoint is an error that names the file and the keys")
    func incompleteWithoutCheckpoint() throws {
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        try texts.write("run/config.toml", "layers = 1\n")
        expectRefusal(try rnntrain("--run", texts.path("run"), "--resume"), 65, "run/config.toml lacks train, valid, test and ")
    }
}
