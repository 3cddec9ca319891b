import Foundation
import TestSupport
import Testing

/// `launch/lectures` on a small text.
@Suite("Experiments for a course")
struct LecturesTests {
    /// Lines of 4 to 14 words, some of them within quotation marks.
    private static let text: String = {
        var random = SeededRandom(state: 7)
        let words = ["the", "cat", "sat", "on", "a", "mat", "and", "dog", "ran", "to", "its", "house"]
        func phrase(_ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &random)).map { _ in words[Int.random(in: 0..<12, using: &random)] }
                .joined(separator: " ")
        }
        return (0..<400).map { $0 % 3 == 0 ? "\(phrase(2...5)) \" \(phrase(1...6)) \"\n" : phrase(4...12) + "\n" }.joined()
    }()

    @Test("Every experiment runs, its figures are in the report, and a run whose losses are not finite is called diverged")
    func report() throws {
        let scratch = try ScratchFolder()
        try scratch.write("\n" + Self.text, to: "text.txt")
        let outcome = try ProcessRunner.run(
            "/bin/bash", [ProcessRunner.source("launch/lectures"), "text.txt", "lectures"], in: scratch.folder,
            environment: [
                "RNNTRAIN_PROGRAM": ProcessRunner.program, "LECTURES_SENTENCES": "150", "LECTURES_RANKS": "1",
                "LECTURES_EPOCHS": "2",
            ],
            limit: 300)
        try #require(outcome.status == 0, "\(outcome)")
        #expect(!outcome.errors.contains("given twice"))
        let other = try scratch.write(Self.text + "one more line", to: "other.txt")
        let refused = try ProcessRunner.run(
            "/bin/bash", [ProcessRunner.source("launch/lectures"), other, "lectures", "gradients"], in: scratch.folder,
            environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program])
        #expect(refused.status == 64 && refused.errors.contains("has the results of another text"), "\(refused)")
        let report = try String(contentsOfFile: scratch.file("lectures/lectures.md"), encoding: .utf8)
        let number = "[0-9.]+(e[-+][0-9]+)?"
        let figures = [
            "## cells": ["average", "concatenation", "feed-forward", "elman", "jordan", "gru", "lstm"]
                .map { "\\| \($0) \\| [0-9]+( \\| \(number)){2} \\|" }
                + ["5-gram", "5-gram and lstm"].map { "\\| \($0) \\| -( \\| \(number)){2} \\|" } + ["0.0 % are unknown words"],
            "## gradients": ["elman", "relu", "lstm", "lstm-open"]
                .map { "\\| \($0) \\| \(number) \\| dh/dh( \\| \(number)){4} \\| (\(number)|-) \\|" }
                + ["\\| lstm-open \\| \(number) \\| dh/dc( \\| \(number)){4} \\| (\(number)|-) \\|"],
            "## clipping": [
                "\\| clipping \\| best validation loss \\|", "\\| norm 1 \\| \(number) \\| trained \\|",
                "\\| none \\| .* \\| (trained|diverged) \\|",
            ],
            "## surface": [
                "\\| without clipping( \\| -?\(number)){6} \\|", "\\| clipped to a norm of 0.5( \\| -?\(number)){6} \\|",
            ],
            "## agreement": (0...6).map { "\\| \($0)( \\| [0-9]+ %){3} \\|" },
            "## batches": ["\\| lines( \\| \(number)){3} \\|", "\\| streams( \\| (\(number)|-)){3} \\|"],
            "## sampling": ["`--greedy`:", "`--temperature 1 --seed 2`:"],
            "## unit": ["quotes", "line-length"].map { "\\| \($0) \\| 0:[0-9]+ \\| -?\(number) \\| unit-\($0).html \\|" },
        ]
        for (section, patterns) in figures {
            #expect(report.contains("\(section)\n"), "\(report)")
            for pattern in patterns {
                #expect(report.range(of: pattern, options: .regularExpression) != nil, "\(pattern)\n\(report)")
            }
        }
        #expect(report.contains(try Regex("(?m)^- run `sentences`: epochs 2, steps [0-9]+$")), "\(report)")
        // `surface` has no run, but a program computes it.
        #expect(report.matches(of: /\nBuilds of the program: [0-9a-f]{40}\n/).count == figures.count, "\(report)")
        for page in ["surface.html", "unit-quotes.html", "unit-line-length.html", "runs.html"] {
            let html = try String(contentsOfFile: scratch.file("lectures/\(page)"), encoding: .utf8)
            #expect(html.hasSuffix("</html>\n") && html.utf8.count < 1_000_000, "\(page)")
        }
        let ending = try RunLog(run: scratch.file("lectures/runs/clip-1")).events.last { $0["event"] == "end" }
        let best = String(format: "%.3f", try #require(Double(ending?["best_loss"] ?? "")))
        #expect(report.contains("| norm 1 | \(best) | trained |"), "\(report)")
        try repeatWithOverflows(in: scratch)
    }

    /// Repeats experiments of `report` after losses in the logs of their runs have become null, as those of a model whose numbers overflow.
    private func repeatWithOverflows(in scratch: ScratchFolder) throws {
        let losses = [
            ("clip-1", "validation", "loss"), ("agreement-elman", "end", "test_loss"), ("lstm", "end", "test_loss"),
            ("characters", "validation", "loss"),
        ]
        for (run, event, key) in losses {
            let log = "lectures/runs/\(run)/metrics.jsonl"
            try scratch.write(
                try String(contentsOfFile: scratch.file(log), encoding: .utf8).replacingOccurrences(
                    of: "(\"event\":\"\(event)\".*\"\(key)\"):[^,]+", with: "$1:null", options: .regularExpression), to: log)
        }
        let streams = "lectures/runs/lstm/metrics.jsonl"
        let kernels = try String(contentsOfFile: scratch.file(streams), encoding: .utf8).replacing(
            /"kernels":"/, with: #""kernels":"not-"#)
        try scratch.write(kernels, to: streams)
        let outcome = try lectures(
            ["clipping", "agreement", "batches", "sampling", "unit"], in: scratch, text: "\n" + Self.text,
            environment: ["LECTURES_EPOCHS": "2", "LECTURES_SENTENCES": "150"])
        try #require(outcome.status == 0 && !outcome.errors.contains("== "), "\(outcome)")
        let report = try String(contentsOfFile: scratch.file("lectures/lectures.md"), encoding: .utf8)
        #expect(report.contains("\n| norm 1 | - | diverged |\n") && !report.contains("`--greedy`"), "\(report)")
        let rows = [
            "\\| 0 \\| [0-9]+ % \\| diverged \\| [0-9]+ % \\|", "\\| 6 \\| [0-9]+ % \\| - \\| [0-9]+ % \\|",
            "\\| lines \\| [0-9.]+ \\| - \\| [0-9.]+ \\|", "\\| streams \\| 0 \\| - \\| diverged \\|",
            "The tokens per second cannot be compared: .*", "The run diverged: its units would say nothing.",
        ]
        for row in rows { #expect(report.contains(try Regex("(?m)^\(row)$")), "\(row)\n\(report)") }
    }

    /// Runs these experiments. With the shell pattern `failing`, `rnntrain` fails if its arguments match.
    private func lectures(
        _ experiments: [String], in scratch: ScratchFolder, text: String = Self.text, failing: String? = nil,
        environment: [String: String] = [:]
    ) throws -> ProgramRun {
        try scratch.write(text, to: "text.txt")
        var program = ProcessRunner.program
        if let failing {
            program = try scratch.write(
                "#!/bin/sh\ncase \"$*\" in *--print-config*) ;; \(failing)) echo 'rnntrain: error: no memory' >&2; exit 70;; esac\n"
                    + "exec '\(ProcessRunner.program)' \"$@\"\n", to: "program")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        }
        let settings = ["RNNTRAIN_PROGRAM": program, "LECTURES_RANKS": "1", "LECTURES_EPOCHS": "1"]
        return try ProcessRunner.run(
            "/bin/bash", [ProcessRunner.source("launch/lectures"), "text.txt", "lectures"] + experiments, in: scratch.folder,
            environment: settings.merging(environment) { $1 }, limit: 120)
    }

    @Test("A run of other options, other sentences and wrong arguments are refused, with the folder and the difference")
    func otherOptions() throws {
        let scratch = try ScratchFolder()
        let first = try lectures(["clipping"], in: scratch)
        try #require(first.status == 0, "\(first)")
        // A job that is killed before its first step can leave a folder without options and models.
        let run = scratch.file("lectures/runs/clip-0")
        for name in ["config.toml", "metrics.jsonl", "checkpoints", "best.safetensors", "diverged"] {
            try? FileManager.default.removeItem(atPath: "\(run)/\(name)")
        }
        try FileManager.default.createDirectory(atPath: "\(run)/checkpoints", withIntermediateDirectories: true)
        let again = try lectures(["clipping"], in: scratch)
        #expect(again.status == 0 && again.errors.contains("== clip-0\n"), "\(again)")
        let repeated = try lectures(["clipping"], in: scratch)
        #expect(repeated.status == 0 && !repeated.errors.contains("== clip"), "\(repeated)")
        let other = try lectures(["clipping"], in: scratch, environment: ["LECTURES_EPOCHS": "2"])
        #expect(other.status == 64, "\(other)")
        #expect(
            other.errors.contains(
                "launch/lectures: lectures/runs/clip-1 was trained with other options: --epochs is 2, in the run 1."), "\(other)")
        let agreement = try lectures(["agreement"], in: scratch, environment: ["LECTURES_SENTENCES": "150"])
        try #require(agreement.status == 0, "\(agreement)")
        let sentences = try lectures(["agreement"], in: scratch, environment: ["LECTURES_SENTENCES": "160"])
        #expect(sentences.status == 64 && sentences.errors.contains("LECTURES_SENTENCES is now 160"), "\(sentences)")
        // An older file, and then none.
        let best = scratch.file("lectures/runs/clip-1/best.safetensors")
        let initial = scratch.file("lectures/runs/clip-1/checkpoints/step-00000000.safetensors")
        for older in [true, false] {
            try FileManager.default.removeItem(atPath: best)
            if older { try FileManager.default.copyItem(atPath: initial, toPath: best) }
            let lost = try lectures(["clipping"], in: scratch)
            let message = "lectures/runs/clip-1/best.safetensors is missing, damaged, or not the best model of "
            #expect(lost.status == 66 && lost.errors.contains(message), "\(lost)")
        }
        for name in ["LECTURES_SENTENCES", "LECTURES_EPOCHS", "LECTURES_RANKS"] {
            let wrong = try lectures(["agreement"], in: scratch, environment: [name: "x"])
            #expect(wrong.status == 64 && wrong.errors.contains("launch/lectures: \(name) is 'x'; "), "\(wrong)")
        }
        let joined = try lectures(["clipping surface"], in: scratch)
        #expect(joined.status == 64 && joined.errors.hasPrefix("Usage: "), "\(joined)")
    }

    @Test("A failure other than a divergence ends the script with its status", arguments: ["*clip-0*", "evaluate*"])
    func failure(failing: String) throws {
        let scratch = try ScratchFolder()
        let outcome = try lectures([failing == "evaluate*" ? "gradients" : "clipping"], in: scratch, failing: failing)
        #expect(outcome.status == 70 && outcome.errors.contains("rnntrain: error: no memory\n"), "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("lectures/lectures.md")))
    }

    @Test("Norms and accuracies that a short text does not have are dashes")
    func shortTexts() throws {
        let scratch = try ScratchFolder()
        // 24 long lines, and one of three words for the test.
        let words = Self.text.split(whereSeparator: \.isWhitespace)
        let lines = stride(from: 0, to: words.count, by: words.count / 24 + 1).map { start in
            words[start..<min(start + words.count / 24 + 1, words.count)].joined(separator: " ")
        }
        let outcome = try lectures(
            ["gradients", "agreement"], in: scratch, text: (lines + ["the cat sat"]).map { $0 + "\n" }.joined(),
            environment: ["LECTURES_SENTENCES": "6", "LECTURES_EPOCHS": "1"])
        try #require(outcome.status == 0, "\(outcome)")
        let report = try String(contentsOfFile: scratch.file("lectures/lectures.md"), encoding: .utf8)
        for model in ["elman", "relu", "lstm", "lstm-open"] {
            #expect(
                report.contains(try Regex("(?m)^\\| \(model) \\| [0-9.]+ \\| dh/dh \\| [0-9.e-]+ \\| - \\| - \\| - \\| - \\|$")),
                "\(report)")
        }
        #expect(report.contains("\n| 3 | - | - | - |\n") && !report.contains(" %"), "\(report)")
    }

    /// Calls `finish_run` of `launch/experiments` for a small network on the file `text.txt`, with these options.
    private func finishRun(_ options: String, in scratch: ScratchFolder) throws -> ProgramRun {
        let arguments =
            "--text text.txt --cell elman --nonlinearity relu --layers 1 --hidden-size 8 --embedding-size 8 --epochs 1 "
            + "--optimizer sgd --clip 0 --max-rollbacks 0 \(options)"
        return try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                "set -euo pipefail; here='\(ProcessRunner.source("launch"))'; source \"$here/environment\"; "
                    + "source \"$here/experiments\"; mkdir -p runs; folder=.; : >text.sha256; finish_run runs/a 1 \(arguments) || echo \"returned $?\"",
            ], in: scratch.folder, environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program])
    }

    @Test(
        "A run with an output layer that adds defaults of its own is not repeated",
        arguments: ["hierarchical", "sampled", "nce", "blackout"])
    func outputs(kind: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write(Self.text, to: "text.txt")
        for isFirst in [true, false] {
            let outcome = try finishRun("--batch-size 4 --bptt 8 --output \(kind)", in: scratch)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
            #expect(outcome.errors.contains("== a\n") == isFirst, "\(outcome)")
        }
    }

    @Test("A run that diverges returns 64, and is not repeated")
    func divergence() throws {
        let scratch = try ScratchFolder()
        try scratch.write(Self.text, to: "text.txt")
        for isFirst in [true, false] {
            let outcome = try finishRun("--batch-size 4 --bptt 8 --learning-rate 100000", in: scratch)
            #expect(outcome.status == 0 && outcome.output == "returned 64\n", "\(outcome)")
            #expect(outcome.errors.contains("training has diverged"), "\(outcome)")
            #expect(outcome.errors.contains("== a\n") == isFirst, "\(outcome)")
        }
    }

    @Test(
        "A run whose test fails because its numbers overflow returns 64, and is not repeated; any other error of data ends the script"
    )
    func overflow() throws {
        let scratch = try ScratchFolder()
        // The training text has 630 tokens, which are one window of two streams.
        try scratch.write(String(repeating: "the cat sat on the mat\n", count: 100), to: "text.txt")
        let short = try finishRun("--batch-size 2 --bptt 400 --learning-rate 1e30", in: scratch)
        #expect(short.status == 65 && short.output.isEmpty && short.errors.contains("Use a longer text"), "\(short)")
        for isFirst in [true, false] {
            let outcome = try finishRun("--batch-size 2 --bptt 315 --learning-rate 1e30", in: scratch)
            #expect(outcome.status == 0 && outcome.output == "returned 64\n", "\(outcome)")
            #expect(outcome.errors.hasSuffix("of runs/a is not finite: the run counts as diverged.\n"), "\(outcome)")
            #expect(outcome.errors.contains("of the test text is not finite. The model has diverged.") == isFirst, "\(outcome)")
            #expect(outcome.errors.contains("== a\n") == isFirst, "\(outcome)")
        }
    }

    @Test("The text of the pages has whole lines, or whole characters of one line", arguments: [true, false])
    func unitText(hasLongLine: Bool) throws {
        let scratch = try ScratchFolder()
        // With an odd offset, a limit of 2000 bytes divides a character of two bytes.
        let line = "a" + String(repeating: "é", count: hasLongLine ? 1500 : 300) + "\n"
        try scratch.write(line + line + line + line, to: "test.txt")
        let definition = "eval \"$(sed -n '/^beginning()/,/^}/p' '\(ProcessRunner.source("launch/lectures"))')\""
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", "\(definition); beginning test.txt 2000"], in: scratch.folder)
        let expected = hasLongLine ? "a" + String(repeating: "é", count: 999) + "\n" : line + line + line
        #expect(outcome.status == 0 && outcome.output == expected, "\(outcome)")
    }

    @Test("Another text in a folder without results replaces its files, and a copy of hard links keeps their content")
    func replacedFiles() throws {
        let scratch = try ScratchFolder()
        let first = try lectures(["surface"], in: scratch)
        try #require(first.status == 0, "\(first)")
        let names = ["text.txt", "train.txt", "valid.txt", "test.txt"]
        let before = try names.map { try scratch.read("lectures/\($0)") }
        let copy = try ProcessRunner.run("/bin/bash", ["-c", "cp -al lectures copy"], in: scratch.folder)
        try #require(copy.status == 0, "\(copy)")
        try FileManager.default.removeItem(atPath: scratch.file("lectures/section-surface.md"))
        let second = try lectures(["surface"], in: scratch, text: String(repeating: "another line\n", count: 40))
        try #require(second.status == 0, "\(second)")
        #expect(try names.map { try scratch.read("copy/\($0)") } == before)
        let counts = try names.map { try scratch.read("lectures/\($0)").filter { $0 == UInt8(ascii: "\n") }.count }
        #expect(counts == [40, 36, 2, 2])
        // No file has the name under which it was written.
        let hidden = try scratch.names().filter { $0.contains("/.") }
        #expect(hidden.isEmpty, "\(hidden)")
    }

    @Test("A long text is split, and an experiment without runs has a report")
    func longText() throws {
        let scratch = try ScratchFolder()
        // The validation and the test text together are longer than the buffer of a pipe.
        try scratch.write(String(repeating: "the cat sat on the mat and the dog ran\n", count: 100_000), to: "long.txt")
        let outcome = try ProcessRunner.run(
            "/bin/bash", [ProcessRunner.source("launch/lectures"), "long.txt", "lectures", "surface"], in: scratch.folder,
            environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program])
        #expect(outcome.status == 0 && outcome.output.contains("## surface\n"), "\(outcome)")
        let valid = try String(contentsOfFile: scratch.file("lectures/valid.txt"), encoding: .utf8)
        #expect(valid.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 5000)
    }
}
