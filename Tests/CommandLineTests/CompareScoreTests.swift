import Foundation
import TestSupport
import Testing

@Suite("launch/compare-score")
struct CompareScoreTests {
    private func compare(_ arguments: [String]) throws -> ProgramRun {
        // PYTHONSAFEPATH hides the folder of a Python program from its imports.
        try ProcessRunner.run(
            ProcessRunner.source("launch/compare-score"), arguments,
            environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program, "PYTHONSAFEPATH": "1"])
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
            (["--checkpoint", file, "--data", "-none"], 66, "./-none is no file that can be read."),
            (["--checkpoint", file, "--data", scratch.path], 66, "is no file that can be read."),
            (["--checkpoint", file, "--data", file, "--venv", ""], 64, "--venv takes a folder."),
            (["--checkpoint", file, "--data", file, "--venv", scratch.file("none")], 69, "there is no PyTorch in"),
        ]
        for (arguments, status, message) in cases {
            let outcome = try compare(arguments)
            #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome)")
        }
    }

    @Test("A model that PyTorch does not have is refused with the key, before anything is measured")
    func models() throws {
        // A virtual environment with Python, but without PyTorch: the refusal comes before PyTorch is used.
        let scratch = try ScratchFolder()
        try FileManager.default.createDirectory(atPath: scratch.file("venv/bin"), withIntermediateDirectories: true)
        try scratch.write("#!/bin/sh\n[ \"$1\" = -c ] || exec python3 \"$@\"\n", to: "venv/bin/python")
        #expect(chmod(scratch.file("venv/bin/python"), 0o755) == 0)
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --train train.txt --valid valid.txt"
        let cases = [
            ("--cell elman", "best.safetensors", "cell = elman"),
            ("--connections residual", "best.safetensors", "connections = residual"),
            ("--transition-mlp 8", "best.safetensors", "transition-mlp = 8"),
            ("--tie-weights", "best.safetensors", "tie-weights = true"), ("--tokens char", "best.safetensors", "tokens = char"),
            ("--optimizer asgd", "checkpoints/step-*", "the parameters beside their average"),
        ]
        for (index, (options, name, message)) in cases.enumerated() {
            let run = scratch.file("\(index)")
            let trained = try SmallModels.shell("$R \(small) --run '\(run)' \(options) && ls \(run)/\(name) | tail -n 1")
            try #require(trained.status == 0, "\(trained)")
            let file = trained.output.split(separator: "\n").last.map(String.init) ?? ""
            let arguments = ["--checkpoint", file, "--data", try SmallModels.folder.appending(path: "valid.txt").path]
            let outcome = try compare(arguments + ["--venv", scratch.file("venv")])
            #expect(outcome.status == 65 && outcome.errors.contains(message) && outcome.output.isEmpty, "\(outcome)")
        }
        let text = try SmallModels.folder.appending(path: "valid.txt").path
        let outcome = try compare(["--checkpoint", text, "--data", text, "--venv", scratch.file("venv")])
        #expect(outcome.status == 65 && outcome.errors.contains("is no checkpoint of rnntrain"), "\(outcome)")
    }
}
