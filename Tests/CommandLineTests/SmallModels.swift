import Foundation
import TestSupport
import Testing

/// Small models of words, characters and bytes, trained once for the tests of commands that read them.
enum SmallModels {
    /// The folder with the runs `word`, `char` and `byte`, and their texts `train.txt` and `valid.txt`.
    private static let trained = Result {
        let scratch = try ScratchFolder()
        let words = ["the", "cat", "sat", "größe", "on", "mat"]
        let line = { (number: Int) in (0..<9).map { words[(number * 5 + $0 * $0) % words.count] }.joined(separator: " ") + "\n" }
        try scratch.write((0..<60).map(line).joined(), to: "train.txt")
        try scratch.write((60..<70).map(line).joined(), to: "valid.txt")
        for unit in ["word", "char", "byte"] {
            let options = ["--train", "train.txt", "--valid", "valid.txt", "--run", unit, "--tokens", unit]
            let small = ["--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "1"]
            let outcome = try ProcessRunner.rnntrain(options + small, in: scratch.folder)
            try #require(outcome.status == 0, "\(outcome)")
        }
        return scratch
    }

    static var folder: URL { get throws { try trained.get().folder } }

    /// Writes a file in the folder.
    static func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }

    /// Runs a shell command in the folder, with `$R` for the program.
    static func shell(_ command: String, environment: [String: String] = [:], limit: Double = 60) throws -> ProgramRun {
        try ProcessRunner.run(
            "/bin/sh", ["-c", command], in: folder, environment: environment.merging(["R": ProcessRunner.program]) { $1 },
            limit: limit)
    }
}
