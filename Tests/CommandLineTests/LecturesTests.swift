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

    @Test("Every experiment runs, and its figures are in the report")
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
            "## clipping": ["\\| norm 1 \\| \(number) \\| trained \\|", "\\| none \\| .* \\| (trained|diverged) \\|"],
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
        for page in ["surface.html", "unit-quotes.html", "unit-line-length.html", "runs.html"] {
            let html = try String(contentsOfFile: scratch.file("lectures/\(page)"), encoding: .utf8)
            #expect(html.hasSuffix("</html>\n") && html.utf8.count < 1_000_000, "\(page)")
        }
    }
}
