import Foundation
import TestSupport
import Testing

@Suite("launch/compare-score")
struct CompareScoreTests {
    private func compare(_ arguments: [String]) throws -> ProgramRun {
        try ProcessRunner.run(ProcessRunner.source("launch/compare-score"), arguments)
    }

    @Test("Wrong options, missing files and a missing PyTorch are refused before anything is measured")
    func refusals() throws {
        let scratch = try ScratchFolder()
        let file = try scratch.write("x\n", to: "file")
        let cases: [([String], Int32, String)] = [
            (["--data", file], 64, "--checkpoint is missing."),
            (["--checkpoint", file], 64, "--data is missing."),
            (
                ["--checkpoint", file, "--data", file, "--rounds", "0"], 64,
                "--rounds takes a number, 1 or more; it was given '0'."
            ),
            (["--speed", "1"], 64, "there is no option '--speed'"),
            (["--checkpoint", file, "--data", scratch.file("none")], 66, "is no file that can be read."),
            (["--checkpoint", file, "--data", scratch.path], 66, "is no file that can be read."),
            (["--checkpoint", file, "--data", file, "--venv", ""], 64, "--venv takes a folder."),
            (["--checkpoint", file, "--data", file, "--venv", scratch.file("none")], 69, "there is no PyTorch in"),
        ]
        for (arguments, status, message) in cases {
            let outcome = try compare(arguments)
            #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome)")
        }
    }
}
