import Foundation
import TestSupport
import Testing

/// A terminal without a shell that could continue a stopped program, as under `ssh -t HOST launch/train`.
@Suite("launch/train as the only program of a terminal")
struct OnlyProgramTests {
    @Test("Ctrl-Z has no effect, as on other programs, and Ctrl-C saves")
    func suspension() throws {
        let texts = try TrainingFolder(lines: 400, validLines: 20)
        let size = ["--hidden-size", "100", "--batch-size", "8", "--epochs", "100000", "--log-every", "1"]
        let program = try TerminalProgram(
            URL(filePath: "/bin/bash"),
            [ProcessRunner.source("launch/train"), "-n", "2"] + texts.arguments(run: "run", size), columns: 80,
            environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program, "OMPI_MCA_rmaps_base_oversubscribe": "1"],
            folder: texts.folder)
        func steps() -> Int {
            let log = try? String(contentsOfFile: texts.path("run/metrics.jsonl"), encoding: .utf8)
            return log?.ranges(of: "\"event\":\"step\"").count ?? 0
        }
        #expect(waitFor(30) { steps() > 0 })
        program.type("\u{1A}")
        #expect(program.waits(for: "Ctrl-Z has no effect here"), "\(program.output)")
        let state = try String(contentsOfFile: "/proc/\(program.processIdentifier)/stat", encoding: .utf8)
        #expect(!state.contains(") T "), "\(state)")
        let before = steps()
        #expect(waitFor(10) { steps() > before })
        program.type("\u{3}")
        #expect(program.end(seconds: 30) == 75, "\(program.output)")
    }
}
