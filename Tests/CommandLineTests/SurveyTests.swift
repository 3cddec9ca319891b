import Configuration
import Foundation
import Kinds
import TestSupport
import Testing

/// `launch/survey` on a small text.
@Suite("A survey of kinds")
struct SurveyTests {
    /// A folder with a text of twice as many lines, and these texts around them.
    private func folder(lines: Int, first: String = "", last: String = "") throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let text = String(repeating: "the cat sat on the mat\nand the dog ran\n", count: lines)
        try scratch.write(first + text + last, to: "text.txt")
        return scratch
    }

    private func survey(_ scratch: ScratchFolder, ranks: Int = 1, program: String = ProcessRunner.program) throws -> ProgramRun {
        try ProcessRunner.run(
            "/bin/bash", [ProcessRunner.source("launch/survey"), "text.txt", "survey", "schedules"], in: scratch.folder,
            environment: ["RNNTRAIN_PROGRAM": program, "SURVEY_RANKS": "\(ranks)"], limit: 120)
    }

    @Test("The figures are those of the text at the start, and do not depend on an rnntrain.toml")
    func surroundings() throws {
        let plain = try folder(lines: 150)
        let outcome = try survey(plain)
        try #require(outcome.status == 0, "\(outcome)")
        let changed = try folder(lines: 150)
        try changed.write("dropout = 0.5\nseed = 7\n", to: "rnntrain.toml")
        // The text changes when one of the runs starts.
        let program = try changed.write(
            "#!/bin/sh\ncase \"$*\" in *schedules-cosine*) echo 'the dog' >text.txt;; esac\n"
                + "exec '\(ProcessRunner.program)' \"$@\"\n", to: "program")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let second = try survey(changed, program: program)
        try #require(second.status == 0, "\(second)")
        #expect(try changed.read("text.txt").count == 8)
        #expect(try changed.read("survey/survey.jsonl") == plain.read("survey/survey.jsonl"))
    }

    @Test("Every schedule has a row and a line in the log, and a second call repeats no run")
    func schedules() throws {
        let scratch = try folder(lines: 150)
        let outcome = try survey(scratch)
        try #require(outcome.status == 0, "\(outcome)")
        let table = try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8)
        for kind in ConfigurationKey.schedule.kinds {
            #expect(
                table.contains(try Regex("(?m)^\\| `\(kind.name)` \\| [0-9]+ \\| [0-9.]+ \\| [0-9.]+ \\| [0-9.]+ \\|$")),
                "\(table)")
        }
        let log = try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").count == ConfigurationKey.schedule.kinds.count + 1 && !log.contains("minimum-count"))
        let again = try survey(scratch)
        #expect(again.status == 0 && !again.errors.contains("== schedules"), "\(again)")
        #expect(try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8) == log)
        // Results of launch/lectures in the same folder, whose text has other lines, and whose tables are of other builds.
        try scratch.write("text = \"/x/text.txt\"\n", to: "survey/runs/lstm/config.toml")
        try scratch.write(#"{"event":"start","step":0,"train_digest":"0"}"# + "\n", to: "survey/runs/lstm/metrics.jsonl")
        try scratch.write("## Cells\n", to: "survey/section-cells.md")
        let shared = try survey(scratch)
        #expect(shared.status == 0, "\(shared)")
        #expect(try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8) == table)
        // A run that was killed before its end is resumed.
        let run = "survey/runs/schedules-constant/metrics.jsonl"
        let lines = try String(contentsOfFile: scratch.file(run), encoding: .utf8).split(separator: "\n")
        try scratch.write(lines.dropLast().map { $0 + "\n" }.joined(), to: run)
        // A signal left an empty file, and the folder had another name.
        try scratch.write("", to: "survey/runs/schedules-constant/diverged")
        let configuration = "survey/runs/schedules-constant/config.toml"
        let moved = try String(contentsOfFile: scratch.file(configuration), encoding: .utf8)
            .replacing(/\ntext = .*/, with: "\ntext = \"/none/survey-text.txt\"")
        try scratch.write(moved, to: configuration)
        // Another run was removed. The other build trains it, but no step of the first one.
        let step = "survey/runs/schedules-step/metrics.jsonl"
        try FileManager.default.removeItem(atPath: scratch.file("survey/runs/schedules-step"))
        let other = try OtherBuild(of: "rnntrain", to: scratch.file("program"))
        let resumed = try survey(scratch, program: other.path)
        #expect(resumed.status == 0 && resumed.errors.contains("== schedules-constant\n"), "\(resumed)")
        #expect(resumed.errors.contains("== schedules-step\n") && !resumed.errors.contains("== schedules-cosine"), "\(resumed)")
        for log in [run, step] {
            let logged = try String(contentsOfFile: scratch.file(log), encoding: .utf8)
            #expect(logged.contains(#","build":"\#(other.changed)","#), "\(logged)")
            #expect(logged.contains(#""event":"resume""#) == (log == run), "\(logged)")
        }
        #expect(try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8) == log)
        let builds = try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8)
        #expect(table.hasPrefix("## Schedules") && table.hasSuffix("\nBuilds of the program: \(other.original)\n\n"), "\(table)")
        #expect(builds.hasPrefix("Several builds of the program have made these tables,"), "\(builds)")
        let both = [other.original, other.changed].sorted().joined(separator: ", ")
        #expect(builds.hasSuffix("\nBuilds of the program: \(both)\n\n"), "\(builds)")
        // A job of an earlier version of the program.
        let trained = try String(contentsOfFile: scratch.file(step), encoding: .utf8)
        try scratch.write(trained.replacingOccurrences(of: #","build":"\#(other.changed)""#, with: ""), to: step)
        #expect(try survey(scratch).status == 0)
        let unknown = try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8)
        #expect(unknown.hasPrefix("Several builds of the program have made these tables,"), "\(unknown)")
        #expect(unknown.hasSuffix("\nBuilds of the program: \(other.original), unknown\n\n"), "\(unknown)")
        // A run of another survey was copied into the folder.
        let mark = "survey/runs/schedules-step/text.sha256"
        #expect(try scratch.read(mark) == scratch.read("survey/text.sha256"))
        try scratch.write("0  -\n", to: mark)
        let merged = try survey(scratch)
        #expect(merged.status == 64 && merged.errors.contains("survey/runs/schedules-step has another text than the other runs"))
        let foreign = try String(contentsOfFile: scratch.file(step), encoding: .utf8)
            .replacing(/"train_digest":"[0-9a-f]+"/, with: #""train_digest":"0""#)
        try scratch.write(foreign, to: step)
        let mixed = try survey(scratch)
        #expect(
            mixed.status == 64 && mixed.errors.contains("survey/runs has runs of different texts named survey-text.txt"),
            "\(mixed)")
        try scratch.write("another text\n", to: "text.txt")
        let different = try survey(scratch)
        #expect(different.status == 64 && different.errors.contains("survey has the results of another text"), "\(different)")
    }

    @Test("Runs take characters of the test text only, and the row of one that diverged, also at its end, has no figures")
    func divergedRuns() throws {
        // One character of the training text occurs once.
        let scratch = try folder(lines: 150, first: "the cat é\n", last: "the dog’s mat\n")
        let first = try survey(scratch)
        try #require(first.status == 0, "\(first)")
        let run = "survey/runs/schedules-constant"
        let log = try String(contentsOfFile: scratch.file("\(run)/metrics.jsonl"), encoding: .utf8)
        try scratch.write(
            log.replacingOccurrences(of: #""reason":"epochs""#, with: #""reason":"preempted""#), to: "\(run)/metrics.jsonl")
        try scratch.write("rnntrain: error: training has diverged\n", to: "\(run)/diverged")
        let overflow = "survey/runs/schedules-step/metrics.jsonl"
        try scratch.write(
            try String(contentsOfFile: scratch.file(overflow), encoding: .utf8).replacingOccurrences(
                of: #"("event":"validation".*"loss"):[^,]+"#, with: "$1:null", options: .regularExpression), to: overflow)
        let second = try survey(scratch)
        #expect(second.status == 0 && second.errors.contains("training has diverged"), "\(second)")
        let table = try String(contentsOfFile: scratch.file("survey/survey.md"), encoding: .utf8)
        for kind in ["constant", "step"] {
            #expect(table.contains(try Regex("(?m)^\\| `\(kind)` \\| [0-9]+ \\| - \\| - \\| - \\|$")), "\(table)")
        }
        #expect(table.contains(try Regex("(?m)^\\| `linear` \\| [0-9]+( \\| [0-9.]+){3} \\|$")), "\(table)")
        let rows = try String(contentsOfFile: scratch.file("survey/survey.jsonl"), encoding: .utf8)
        #expect(rows.split(separator: "\n").allSatisfy { $0.contains(" --minimum-count 2 ") }, "\(rows)")
        #expect(first.errors.contains("launch/survey: --minimum-count 2: "), "\(first)")
        #expect(rows.contains(#""best_loss":null,"test_loss":null,"best_parameters_digest":null}"#), "\(rows)")
    }

    @Test("A character of the test text ends the survey if only frequent characters of the training text could become <unk>")
    func noRareCharacters() throws {
        let scratch = try folder(lines: 150, last: "the dog’s mat\n")
        let outcome = try survey(scratch)
        #expect(outcome.status == 65 && outcome.errors.contains("is not in the vocabulary of the training text"), "\(outcome)")
    }

    @Test("More ranks than shards are refused, and a signal to the script makes its run save")
    func ranksAndSignals() throws {
        let scratch = try folder(lines: 20_000)
        let script = ProcessRunner.source("launch/survey")
        let many = try survey(scratch, ranks: 9)
        #expect(many.status == 64 && many.errors.contains("SURVEY_RANKS is '9'; it must be at most 8"), "\(many)")
        let stopped = try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                "bash '\(script)' text.txt survey schedules & p=$!; for i in $(seq 300); do "
                    + "grep -qs start survey/runs/*/metrics.jsonl && break; sleep 0.1; done; kill -TERM $p; wait $p; echo \"status $?\"",
            ], in: scratch.folder, environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SURVEY_RANKS": "1"], limit: 120)
        #expect(stopped.output.hasSuffix("status 75\n"), "\(stopped)")
        let log = try String(contentsOfFile: scratch.file("survey/runs/schedules-constant/metrics.jsonl"), encoding: .utf8)
        #expect(log.contains(#""reason":"preempted""#), "\(log)")
    }

    @Test("A run whose log has no end is not taken for done, whatever the status of its job, and the next start continues")
    func withoutEnd() throws {
        let scratch = try folder(lines: 150)
        // Ranks that end with 0 before they train.
        let program = try scratch.write(
            "#!/bin/sh\ncase \"$RNNTRAIN_CHECK_ONLY --$*\" in ' --'*'--run '*schedules-cosine*) exit 0;; esac\n"
                + "exec '\(ProcessRunner.program)' \"$@\"\n", to: "program")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let first = try survey(scratch, program: program)
        #expect(first.status == 70 && first.errors.contains("the log of survey/runs/schedules-cosine does not say"), "\(first)")
        let second = try survey(scratch)
        #expect(second.status == 0 && !second.output.contains("| - |"), "\(second)")
    }

    @Test("A failed start has the status of its run and keeps the rows of other groups, and other options are refused")
    func failures() throws {
        let scratch = try folder(lines: 150)
        // Runs of cells fail as on a full disk.
        let program = try scratch.write(
            "#!/bin/sh\ncase \"$*\" in *--cell*) echo 'rnntrain: error: full' >&2; exit 74;; esac\n"
                + "exec '\(ProcessRunner.program)' \"$@\"\n", to: "program")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        func survey(_ groups: String...) throws -> ProgramRun {
            try ProcessRunner.run(
                "/bin/bash", [ProcessRunner.source("launch/survey"), "text.txt", "survey"] + groups, in: scratch.folder,
                environment: ["RNNTRAIN_PROGRAM": program, "SURVEY_RANKS": "1"], limit: 120)
        }
        for groups in [["cells outputs"], [""], ["nothing"]] {
            let outcome = try ProcessRunner.run(
                "/bin/bash", [ProcessRunner.source("launch/survey"), "text.txt", "survey"] + groups, in: scratch.folder)
            #expect(outcome.status == 64 && outcome.errors.hasPrefix("Usage: "), "\(outcome)")
        }
        let whole = try survey("schedules")
        try #require(whole.status == 0, "\(whole)")
        let files = ["survey/survey.md", "survey/survey.jsonl"]
        let before = try files.map { try String(contentsOfFile: scratch.file($0), encoding: .utf8) }
        #expect(before.allSatisfy { $0.contains("cosine-warm-up") })
        let failed = try survey("cells")
        #expect(failed.status == 74 && failed.errors.contains("rnntrain: error: full"), "\(failed)")
        #expect(try files.map { try String(contentsOfFile: scratch.file($0), encoding: .utf8) } == before)
        let configuration = "survey/runs/schedules-step/config.toml"
        let text = try String(contentsOfFile: scratch.file(configuration), encoding: .utf8)
        try scratch.write(
            text.replacingOccurrences(of: "learning-rate = 0.01\n", with: "learning-rate = 0.02\n"), to: configuration)
        let refused = try survey("schedules")
        #expect(refused.status == 64, "\(refused)")
        #expect(
            refused.errors.contains(
                "survey/runs/schedules-step was trained with other options: --learning-rate is 0.01, in the run 0.02."),
            "\(refused)")
        #expect(try files.map { try String(contentsOfFile: scratch.file($0), encoding: .utf8) } == before)
    }
}
