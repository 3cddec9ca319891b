import Configuration
import Foundation
import Kinds
import TestSupport
import Testing

/// `launch/survey` on a small text.
@Suite("A survey of kinds")
struct SurveyTests {
    @Test("Every schedule has a row and a line in the log, and a second call repeats no run")
    func schedules() throws {
        let scratch = try ScratchFolder()
        try scratch.write(String(repeating: "the cat sat on the mat\nand the dog ran\n", count: 150), to: "text.txt")
        func survey() throws -> ProgramRun {
            try ProcessRunner.run(
                "/bin/bash", [ProcessRunner.source("launch/survey"), "text.txt", "survey", "schedules"], in: scratch.folder,
                environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SURVEY_RANKS": "1"], limit: 120)
        }
        let outcome = try survey()
        try #require(outcome.status == 0, "\(outcome)")
        let table = try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8)
        for kind in ConfigurationKey.schedule.kinds {
            #expect(
                table.contains(try Regex("(?m)^\\| `\(kind.name)` \\| [0-9]+ \\| [0-9.]+ \\| [0-9.]+ \\| [0-9.]+ \\|$")),
                "\(table)")
        }
        let log = try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").count == ConfigurationKey.schedule.kinds.count + 1)
        let again = try survey()
        #expect(again.status == 0 && !again.errors.contains("== schedules"), "\(again)")
        #expect(try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8) == log)
        // A run that was killed before its end is resumed.
        let run = "survey/runs/schedules-constant/metrics.jsonl"
        let lines = try String(contentsOfFile: scratch.file(run), encoding: .utf8).split(separator: "\n")
        try scratch.write(lines.dropLast().map { $0 + "\n" }.joined(), to: run)
        let resumed = try survey()
        #expect(resumed.status == 0 && resumed.errors.contains("== schedules-constant\n"), "\(resumed)")
        #expect(!resumed.errors.contains("== schedules-step"), "\(resumed)")
        #expect(try String(contentsOfFile: scratch.file(run), encoding: .utf8).contains(#""event":"resume""#))
        #expect(try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8) == log)
        try scratch.write("another text\n", to: "text.txt")
        let other = try survey()
        #expect(other.status == 64 && other.errors.contains("survey has the results of another text"), "\(other)")
    }
}
