import Foundation
import Testing

@Suite("Help and version")
struct HelpTests {
    /// If this variable is set, the snapshots are written instead of compared.
    private static let updates = ProcessInfo.processInfo.environment["RNNTRAIN_UPDATE_SNAPSHOTS"] != nil

    @Test(
        "The help equals the snapshot",
        arguments: [
            ("rnntrain", ["--help"]), ("train", ["train", "--help"]), ("evaluate", ["help", "evaluate"]),
            ("score", ["score", "--help"]), ("classify", ["classify", "--help"]), ("compare", ["compare", "--help"]),
            ("probe", ["probe", "--help"]),
            ("rescore", ["rescore", "--help"]), ("generate", ["generate", "-h"]), ("verify", ["verify", "--help"]),
            ("ngram", ["ngram", "--help"]), ("inspect", ["inspect", "--help"]), ("report", ["report", "--help"]),
            ("error-surface", ["error-surface", "--help"]), ("benchmark", ["benchmark", "--help"]),
        ])
    func snapshot(name: String, arguments: [String]) throws {
        let outcome = try ProcessRunner.rnntrain(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        if Self.updates {
            let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/\(name).txt")
            try Data(outcome.output.utf8).write(to: source)
        } else {
            let snapshot = Bundle.module.bundleURL.appending(path: "Snapshots/\(name).txt")
            #expect(try String(contentsOf: snapshot, encoding: .utf8) == outcome.output)
        }
    }

    @Test(
        "Each option of a command says its default, or that it is required",
        arguments: ["evaluate", "generate", "inspect", "rescore"])
    func defaults(command: String) throws {
        let help = try ProcessRunner.rnntrain([command, "--help"]).output.components(separatedBy: "\nEXAMPLES:")[0]
        let options = help.replacing(/[ ]*\n[ ]{10,}/, with: " ").split(separator: "\n").filter { $0.hasPrefix("  --") }
        #expect(options.count > 5)
        for option in options where !option.hasPrefix("  --version") && !option.contains("(the default)") {
            #expect(option.contains("default: ") || option.contains("(required"), "\(option)")
        }
    }

    @Test("The version is one line")
    func version() throws {
        let outcome = try ProcessRunner.rnntrain(["--version"])
        let line = try #require(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+(-dev)?, build ([0-9a-f]+)\n/))
        let notes = try ProcessRunner.run(
            "/usr/bin/env", ["readelf", "-n", ProcessRunner.program], in: FileManager.default.temporaryDirectory)
        #expect(notes.output.contains("Build ID: \(line.2)\n"), "\(notes)")
        #expect((outcome.status, outcome.errors) == (0, ""))
    }
}
