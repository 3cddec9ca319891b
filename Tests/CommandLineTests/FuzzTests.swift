import Foundation
import TestSupport
import Testing

@Suite("Altered files")
struct FuzzTests {
    /// Seconds for each reader. `launch/fuzz` runs longer, with libFuzzer.
    private static let seconds = ProcessInfo.processInfo.environment["RNNTRAIN_FUZZ_SECONDS"] ?? "1"

    @Test(
        "Altered files do not crash the readers",
        arguments: [
            ("checkpoint", "best.safetensors"), ("tokens", "data/test.tokens"), ("vocabulary", "vocabulary.json"),
            ("configuration", "config.toml"), ("metrics", "metrics.jsonl"),
        ])
    func readers(reader: String, file: String) throws {
        let scratch = try ScratchFolder()
        let options = ["--hidden-size", "2", "--embedding-size", "2", "--batch-size", "2", "--bptt", "5000", "--epochs", "1"]
        let run = try ProcessRunner.rnntrain(options + ["--run", "run"], in: scratch.folder)
        try #require(run.status == 0, "\(run)")
        let outcome = try ProcessRunner.readerFuzz([reader, Self.seconds, "1", "run/\(file)"], in: scratch.folder)
        let count = outcome.output.firstMatch(of: /^[a-z]+: ([0-9]+) inputs\n$/).flatMap { Int($0.1) }
        #expect(outcome.status == 0 && (count ?? 0) > 10, "\(outcome)")
    }

    /// A copy of `launch/fuzz` with programs that replace `swift` and libFuzzer.
    private func copiedScript() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for script in ["fuzz", "environment", "launcher"] {
            try scratch.write(
                String(contentsOfFile: ProcessRunner.source("launch/\(script)"), encoding: .utf8), to: "launch/\(script)")
        }
        for (name, text) in [
            ("bin/swift", "exit 0"), (".build/fuzz/release/reader-fuzz", "echo \"$RNNTRAIN_FUZZ $*\" >>calls"),
        ] {
            let path = try scratch.write("#!/bin/sh\n\(text)\n", to: name)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return scratch
    }

    private func fuzz(_ arguments: [String], in scratch: ScratchFolder) throws -> ProgramRun {
        let path = scratch.file("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        return try ProcessRunner.run(
            "/bin/bash", [scratch.file("launch/fuzz")] + arguments, in: scratch.folder,
            environment: ["PATH": path, "RNNTRAIN_PROGRAM": ProcessRunner.program])
    }

    @Test(
        "launch/fuzz takes the seconds, readers, or both, and refuses other arguments",
        arguments: [
            (["checkpoint"], 0, ["checkpoint 30"]), (["7", "tokens", "metrics"], 0, ["metrics 7", "tokens 7"]),
            (["0"], 64, []), (["1x"], 64, []), (["-5", "tokens"], 64, []), (["checkpoint tokens"], 64, []), (["nothing"], 64, []),
            (["checkpoint", "7"], 64, []), (["--build", "tokens"], 64, []),
        ] as [([String], Int32, [String])])
    func arguments(arguments: [String], status: Int32, expected: [String]) throws {
        let scratch = try copiedScript()
        let outcome = try fuzz(arguments, in: scratch)
        #expect(outcome.status == status && (status == 0 || outcome.errors.hasPrefix("launch/fuzz: ")), "\(outcome)")
        let calls = (try? String(contentsOfFile: scratch.file("calls"), encoding: .utf8)) ?? ""
        let found = calls.split(separator: "\n").compactMap { call in
            call.firstMatch(of: /^([a-z]+) .*-max_total_time=([0-9]+)\b/).map { "\($0.1) \($0.2)" }
        }
        #expect(found.sorted() == expected, "\(calls)")
    }

    @Test("A reader that launch/fuzz cannot start has not passed")
    func notStarted() throws {
        let scratch = try copiedScript()
        let path = try scratch.write(
            "#!/bin/sh\ncase \"$*\" in *vocabulary*) echo 'cp: full' >&2; exit 1;; esac\nexec /bin/cp \"$@\"\n", to: "bin/cp")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let outcome = try fuzz(["1"], in: scratch)
        #expect(outcome.status == 1 && outcome.output.hasSuffix("launch/fuzz: FAILED: vocabulary\n"), "\(outcome)")
        #expect(outcome.output.contains("cp: full\n"), "\(outcome)")
    }
}
