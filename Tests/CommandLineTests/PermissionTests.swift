import Foundation
import TestSupport
import Testing

/// Folders of a run without a permission. The superuser may do everything, so another user runs the program if the tests are run by it.
@Suite("A folder of a run without a permission", .serialized)
struct PermissionTests {
    private let texts: TrainingFolder
    private var resume: [String] { ["--run", texts.path("run"), "--resume", "--epochs", "2"] }
    private var checkpoints: String { texts.path("run/checkpoints") }

    init() throws {
        let options = ["--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1"]
        texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
        let outcome = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", ["--epochs", "1"]), folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        if getuid() == 0 { try #require(try SmallModels.shell("chown -R 65534 '\(texts.path("run"))'").status == 0) }
    }

    /// Runs the program as a user who is not the superuser, while the folder of the checkpoints has this mode.
    private func rnntrain(mode: Int, _ arguments: [String]) throws -> ProgramRun {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: checkpoints)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: checkpoints) }
        let user = getuid() == 0 ? ["setpriv", "--reuid", "65534", "--clear-groups"] : []
        let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
        return try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"), user + [program] + arguments, environment: [:], folder: texts.folder,
            timeLimit: 60)
    }

    @Test("A resume that could not write a checkpoint ends before its first step")
    func unwritable() throws {
        let before = try texts.bytes("run/metrics.jsonl")
        let outcome = try rnntrain(mode: 0o555, resume)
        #expect(outcome.status == 74 && outcome.errors.contains("checkpoints: cannot create a file in it"), "\(outcome)")
        #expect(outcome.errors.contains("Permission denied. Make the folder writable (chmod u+w)"), "\(outcome)")
        #expect(try texts.bytes("run/metrics.jsonl") == before)
        let again = try rnntrain(mode: 0o755, resume)
        #expect(again.status == 0, "\(again)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: checkpoints).allSatisfy { $0.hasSuffix(".safetensors") })
    }

    @Test("A folder that this user may not list is named, with what to do", arguments: ["verify", "evaluate"])
    func unlistable(command: String) throws {
        let more = command == "evaluate" ? ["--data", texts.path("valid.txt"), "--checkpoint"] : []
        let arguments = [command] + more + [texts.path("run")]
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        let outcome = try rnntrain(mode: 0o200, arguments)
        #expect([66, 74].contains(outcome.status), "\(outcome)")
        let advice = "cannot list the folder: Permission denied. Make the folder readable and searchable (chmod u+rx)."
        #expect((outcome.output + outcome.errors).contains(advice), "\(outcome)")
    }
}
