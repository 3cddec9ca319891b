import Foundation
import TestSupport
import Testing

@Suite("Control characters in the names of files")
struct ControlCharacterTests {
    private static let name = "a\nb\u{1B}[31m"
    private static let shown = "a\\nb\\u{1b}[31m"

    /// A run folder and a text with such names.
    private static let files = Result {
        let scratch = try ScratchFolder()
        let models = try SmallModels.folder.path
        let copies = [("word", name), ("valid.txt", "text" + name), ("train.txt", "train.txt"), ("valid.txt", "valid.txt")]
        for (from, to) in copies {
            try FileManager.default.copyItem(atPath: models + "/" + from, toPath: scratch.file(to))
        }
        return scratch
    }

    /// - Parameters:
    ///   - arguments: with NAME for the name.
    ///   - lines: beginnings of lines of both outputs.
    @Test(
        "Notes, warnings and lines that name files escape them",
        arguments: [
            (
                ["evaluate", "--checkpoint", "NAME", "--data", "textNAME"],
                ["rnntrain: note: --checkpoint NAME is a run folder; "]
            ),
            (
                ["compare", "NAME", "NAME", "--data", "textNAME"],
                [
                    "A           NAME/best.safetensors: loss ", "B           NAME/best.safetensors: loss ",
                    "rnntrain: note: A NAME is a run folder; ",
                ]
            ),
            (["score", "--checkpoint", "NAME", "--data", "textNAME", "--format", "srilm"], ["file textNAME: "]),
            (["report", "NAME", "--output", "pageNAME"], ["pageNAME: a page about 1 run"]),
            (["verify", "NAME"], ["configuration  NAME/config.toml  ", "lock  NAME/lock  "]),
            (["ngram", "--train", "textNAME", "--arpa", "modelNAME", "--order", "2"], ["modelNAME: "]),
            (
                [
                    "--train", "train.txt", "--valid", "valid.txt", "--run", "runNAME", "--epochs", "1", "--hidden-size", "8",
                    "--embedding-size", "8", "--batch-size", "4", "--bptt", "8",
                ], ["  run      runNAME"]
            ),
        ])
    func escaped(arguments: [String], lines: [String]) throws {
        let outcome = try ProcessRunner.rnntrain(
            arguments.map { $0.replacing("NAME", with: Self.name) }, in: Self.files.get().folder)
        let both = outcome.output + outcome.errors
        #expect(outcome.status == 0 && !both.contains("\u{1B}") && !both.contains(Self.name), "\(outcome)")
        let found = both.split(separator: "\n")
        for line in lines {
            let start = line.replacing("NAME", with: Self.shown)
            #expect(found.contains { $0.hasPrefix(start) }, "\(start): \(outcome)")
        }
    }
}
