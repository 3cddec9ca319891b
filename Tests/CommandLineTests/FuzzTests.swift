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
}
