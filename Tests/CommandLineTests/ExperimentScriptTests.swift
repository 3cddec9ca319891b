import Foundation
import TestSupport
import Testing

/// What `launch/survey` and `launch/lectures` have in common: their arguments, and figures that no locale changes.
@Suite("Scripts of experiments")
struct ExperimentScriptTests {
    private let scratch: ScratchFolder

    /// A folder with a text of 360 lines.
    init() throws {
        scratch = try ScratchFolder()
        try scratch.write(Self.text(of: "king"), to: "text.txt")
    }

    private static func text(of noun: String) -> String {
        (0..<360).map { "the \(noun) of w\($0 % 7) said \" go ahead \($0 % 3) \" .\n" }.joined()
    }

    /// Runs a command of bash in which `$SCRIPTS` is the folder of the scripts.
    private func bash(_ command: String, environment: [String: String] = [:]) throws -> ProgramRun {
        let settings = [
            "RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch"), "SURVEY_RANKS": "1",
            "LECTURES_RANKS": "1", "LECTURES_EPOCHS": "1", "LECTURES_SENTENCES": "150",
        ]
        return try ProcessRunner.run(
            "/bin/bash", ["-c", command], in: scratch.folder, environment: settings.merging(environment) { $1 }, limit: 300)
    }

    @Test(
        "Arguments that are no text or no folder are refused with what to do, and nothing is written",
        arguments: ["survey", "lectures"])
    func refusedArguments(script: String) throws {
        try scratch.write("", to: "empty.txt")
        let cases: [(String, Int32, String)] = [
            ("'' new", 64, "TEXT is ''; it must be the name of a file."),
            ("text.txt ''", 64, "FOLDER is ''; it must be the name of a folder."),
            ("-x new", 64, "TEXT is '-x'; the only option is --help."),
            ("text.txt --ranks", 64, "FOLDER is '--ranks'; the only option is --help."),
            ("text.txt text.txt", 64, "text.txt is not a folder."),
            ("empty.txt new", 65, "empty.txt: the file is empty;"),
            ("gone.txt new", 66, "gone.txt: no such file, or no permission to read it."),
            ("text.txt .", 64, ". has files that launch/\(script) did not write, and might overwrite. Name a new folder."),
            (". new", 66, ".: this is a folder, but TEXT needs a file."),
            ("/dev/stdin new <text.txt", 66, "/dev/stdin: this is no regular file. Each run reads the text again:"),
            ("<(cat text.txt) new", 66, ": this is no regular file. Each run reads the text again:"),
            ("text.txt /proc/rnntrain", 74, "/proc/rnntrain cannot be written: "),
        ]
        for (arguments, status, message) in cases {
            let outcome = try bash("bash \"$SCRIPTS/\(script)\" \(arguments)")
            #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome)")
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].hasPrefix("launch/\(script): ") && lines[0].contains(message), "\(outcome)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(files.sorted() == ["empty.txt", "text.txt"])
    }

    @Test(
        "A text that is a file in the folder of the results is refused under any of its names, and no file changes",
        arguments: ["survey schedules", "lectures surface"])
    func textInFolder(start: String) throws {
        let words = start.split(separator: " ")
        let first = try bash(
            "bash \"$SCRIPTS/lectures\" text.txt results surface && ln -s results/train.txt link && ln results/valid.txt hard")
        try #require(first.status == 0, "\(first)")
        let sums = "find results -type f -exec sha256sum {} + | sort"
        let before = try bash(sums).output
        for name in ["results/text.txt", "results/train.txt", "./results/runs/../lectures.md", "link", "hard"] {
            let outcome = try bash("bash \"$SCRIPTS/\(words[0])\" \(name) results \(words[1])")
            #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
            #expect(outcome.errors.hasPrefix("launch/\(words[0]): \(name) is the file results/"), "\(outcome)")
            #expect(outcome.errors.hasSuffix(" Name another text, or another folder.\n"), "\(outcome)")
        }
        #expect(try bash(sums).output == before)
    }

    @Test("A start that cannot write, as on a full disk, leaves the results, and a later start goes on")
    func fullDisk() throws {
        let start = "bash \"$SCRIPTS/lectures\" text.txt results surface"
        let first = try bash("\(start) && mkdir results/runs/lstm")
        try #require(first.status == 0, "\(first)")
        let sums = "find results -type f ! -name '.*' -exec sha256sum {} + | sort"
        let before = try bash(sums).output
        let full = try bash("{ trap '' XFSZ; ulimit -f 0; \(start); echo \"status $?\"; } 2>&1 | cat")
        let advice = "If the file system of results is full, make room. Then run the same command again: runs that have ended are"
        #expect(full.output.contains(advice) && full.output.hasSuffix(" not repeated.\nstatus 74\n"), "\(full)")
        #expect(try bash(sums).output == before)
        let later = try bash(start)
        #expect(later.status == 0 && later.output.contains("## surface\n"), "\(later)")
    }

    @Test("A text whose name has an equals sign is read, not standard input or rnntrain.toml, and a folder may have any name")
    func names() throws {
        try scratch.write(Self.text(of: "king"), to: "x=1.txt")
        try scratch.write(Self.text(of: "queen"), to: "other.txt")
        try scratch.write("tokens = \"char\"\n", to: "rnntrain.toml")
        let outcome = try bash(
            "bash \"$SCRIPTS/lectures\" x=1.txt 'a=b[1] c' clipping agreement <other.txt",
            environment: ["POSIXLY_CORRECT": "1", "epochs": "2", "units": "8", "least": "9", "corpus": "other.txt"])
        try #require(outcome.status == 0, "\(outcome)")
        let folder = "a=b[1] c"
        #expect(try scratch.read("\(folder)/text.txt") == Array(Self.text(of: "king").utf8))
        let report = try String(contentsOfFile: scratch.file("\(folder)/lectures.md"), encoding: .utf8)
        #expect(report.contains(try Regex("(?m)^\\| 6( \\| [0-9]+ %){3} \\|$")), "\(report)")
        #expect(FileManager.default.fileExists(atPath: scratch.file("\(folder)/runs.html")))
        #expect(try bash("cat a=*/runs/*/config.toml | grep '^tokens =' | sort -u").output == "tokens = \"word\"\n")
        let common = try bash("grep -hE '^(epochs|minimum-count|text) =' a=*/runs/clip-1/config.toml").output
        #expect(
            common.contains("epochs = 1\n") && common.contains("minimum-count = 2\n") && common.contains("/text.txt\""),
            "\(common)")
        let sentences = try bash(
            "bash \"$SCRIPTS/lectures\" x=1.txt 'a=b[1] c' agreement", environment: ["LECTURES_SENTENCES": "160"])
        #expect(sentences.status == 64 && sentences.errors.contains("LECTURES_SENTENCES is now 160"), "\(sentences)")
        try scratch.write(Self.text(of: "king"), to: "-x.txt")
        let hyphen = try bash("bash \"$SCRIPTS/lectures\" ./-x.txt ./-folder surface")
        #expect(hyphen.status == 0 && FileManager.default.fileExists(atPath: scratch.file("-folder/lectures.md")), "\(hyphen)")
    }

    @Test("Lines with CR LF are those with LF, and a start that failed before its first run does not claim the folder")
    func lineEnds() throws {
        try scratch.write("one line\n", to: "crlf.txt")
        let short = try bash("bash \"$SCRIPTS/lectures\" crlf.txt lectures surface")
        #expect(short.status == 65 && short.errors.contains("crlf.txt has fewer than three lines with words;"), "\(short)")
        let text = Self.text(of: "king")
        try scratch.write(text.replacingOccurrences(of: "\n", with: "\r\n\r\n"), to: "crlf.txt")
        let outcome = try bash("bash \"$SCRIPTS/lectures\" crlf.txt lectures surface")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try scratch.read("lectures/text.txt") == Array(text.utf8))
    }

    @Test("A character that only the test text has becomes <unk> with rare characters of the training text")
    func unknownCharacters() throws {
        // Without the é, the rarest character of the training text occurs 46 times: too many for <unk>.
        try scratch.write(Self.text(of: "king") + "go ahead ’ .\n", to: "frequent.txt")
        try scratch.write("é .\n" + Self.text(of: "king") + "go ahead ’ .\n", to: "new.txt")
        // Without its only two characters, the training text has no vocabulary.
        try scratch.write(String(repeating: "ab\n", count: 20) + "c\n", to: "two.txt")
        let counts = try bash(
            "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; "
                + "for text in text new frequent two; do echo \"$(minimum_count $text.txt 1) $(minimum_count $text.txt 2)\"; done"
        )
        #expect(counts.output == "1 2\n2 2\n1 2\n1 2\n", "\(counts)")
        let lectures = try bash("bash \"$SCRIPTS/lectures\" new.txt lectures unit")
        #expect(lectures.status == 0 && lectures.output.contains("| line-length | 0:"), "\(lectures)")
    }

    /// Whether this machine can make a locale with a decimal comma.
    private static let makesLocales: Bool = {
        let files = ["/usr/bin/localedef", "/usr/share/i18n/locales/de_DE"]
        let charmap = ["/usr/share/i18n/charmaps/UTF-8", "/usr/share/i18n/charmaps/UTF-8.gz"]
        return files.allSatisfy(FileManager.default.fileExists(atPath:))
            && charmap.contains(where: FileManager.default.fileExists(atPath:))
    }()

    @Test(
        "A locale with a decimal comma changes no figure",
        .enabled(if: makesLocales, "localedef or its sources are missing (Debian has them in libc-bin and locales)"))
    func decimalComma() throws {
        let made = try bash("mkdir locales && localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8")
        try #require(made.status == 0, "\(made)")
        let german = ["LOCPATH": scratch.file("locales"), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"]
        try #require(try bash("printf %.1f 0,5", environment: german).output == "0,5")
        /// The reports. The second start has the runs of the first one.
        func reports(_ environment: [String: String]) throws -> [String] {
            let outcome = try bash(
                "bash \"$SCRIPTS/lectures\" text.txt lectures gradients clipping agreement unit && "
                    + "bash \"$SCRIPTS/survey\" text.txt survey schedules", environment: environment)
            try #require(outcome.status == 0 && !outcome.errors.contains("printf"), "\(outcome)")
            return try ["lectures/lectures.md", "survey/survey.md", "survey/survey.jsonl"].map {
                try String(contentsOfFile: scratch.file($0), encoding: .utf8).split(separator: "\n")
                    .filter { !$0.hasSuffix(" seconds.") }.joined(separator: "\n")
            }
        }
        let plain = try reports(["LC_ALL": "C"])
        #expect(plain[0].contains(try Regex("\\| norm 1 \\| [0-9]+\\.[0-9]{3} \\|")), "\(plain[0])")
        #expect(try reports(german) == plain)
    }

    @Test("slurm.sbatch requeues a job without progress three times, and one with a new checkpoint always")
    func requeues() throws {
        /// Replaces a program that the script finds on its path.
        func program(_ name: String, _ text: String) throws {
            let path = try scratch.write("#!/bin/sh\n\(text)\n", to: "bin/\(name)")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        func job(after requeues: Int) throws -> ProgramRun {
            try bash(
                "PATH=\"$PWD/bin:$PATH\" bash \"$SCRIPTS/slurm.sbatch\" run",
                environment: ["SLURM_JOB_ID": "1", "SLURM_RESTART_COUNT": "\(requeues)"])
        }
        try program("scontrol", "echo \"scontrol: $*\"")
        try program("mpirun", "[ \"$1\" = --version ] || exit 75")
        let third = try job(after: 2)
        #expect(third.status == 75 && third.output.hasSuffix("the next one continues\nscontrol: requeue 1\n"), "\(third)")
        let last = try job(after: 3)
        #expect(last.status == 64 && last.errors.contains("longer --time"), "\(last)")
        #expect(!last.output.contains("continues") && !last.output.contains("scontrol"), "\(last)")
        try program(
            "mpirun",
            "[ \"$1\" = --version ] || { mkdir -p run/checkpoints; touch run/checkpoints/step-00000005.safetensors; exit 75; }")
        let busy = try job(after: 9)
        #expect(busy.status == 75 && busy.output.hasSuffix("scontrol: requeue 1\n"), "\(busy)")
    }

    @Test(
        "A signal that comes before a job has started ends the scripts with status 75",
        arguments: [("HUP", 129), ("HUP", 143), ("HUP", 255), ("USR1", 138)])
    func signalBeforeStart(signal: String, status: Int) throws {
        let outcome = try bash(
            "mkdir docs && cp -r \"$SCRIPTS\" launch && cp \"$SCRIPTS/../docs/configuration.md\" docs && "
                + "printf '#!/bin/sh\\nkill -\(signal) $PPID; sleep 0.3; exit \(status)\\n' >launch/train && "
                + "bash launch/survey text.txt survey schedules")
        #expect(outcome.status == 75 && outcome.output.isEmpty, "\(outcome)")
    }

    @Test("A text that changes between its digest and its copy, and scripts without the documentation, are errors")
    func changedSurroundings() throws {
        let changed = try bash(
            "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; text=text.txt folder=f; claim_folder; "
                + "(require_same_text && copy_text) || exit 1; echo more >>text.txt; (require_same_text); echo $?; (copy_text); echo $?; "
                + "rm f/survey-text.txt; (copy_text); echo $?; ls -A f | tr '\\n' ' '")
        #expect(changed.output == "65\n0\n65\nruns text.sha256 text.sha256.lock ", "\(changed)")
        #expect(changed.errors.contains("text.txt has changed since the start. Run the same command again."), "\(changed)")
        // Results of another text, without their runs.
        let other = try bash(
            "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; text=text.txt folder=runs/f; (claim_folder); "
                + "echo more >>text.txt; (claim_folder); echo $?; ls runs/f | wc -l; for name in group-cells.md section-x.md; do "
                + "touch runs/f/$name; echo more >>text.txt; (claim_folder); echo $?; rm runs/f/$name; done")
        #expect(other.output == "0\n3\n64\n64\n", "\(other)")
        #expect(other.errors.contains("runs/f has the results of another text"), "\(other)")
        // Tables of one build, of two, and of one that is not known.
        let builds = try bash(
            "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; folder=b; mkdir b; note() { builds_note b/*.md | wc -l; }; note; "
                + "line() { builds_line >\"b/$1.md\"; }; echo 1 | line group-a; echo 1 | line section-b; note; printf '2\\n1\\n2\\n' | line section-b; "
                + "cat b/section-b.md; note; rm b/section-b.md; note; echo unknown | line group-a; note; : >b/group-a.md; note; builds_of b"
        )
        #expect(builds.output == "0\n0\nBuilds of the program: 1, 2\n2\n0\n2\n2\nunknown\n", "\(builds)")
        // The job of b was repeated by that of c, and the job of f trained nothing.
        let jobs = [("a", 0), ("b", 10), ("c", 10), ("d", 25), ("e", 20), ("f", 30)]
        let log = jobs.map { build, step in
            #"{"event":"\#(step == 0 ? "start" : "resume")","version":"1","build":"\#(build)","step":\#(step),"best_step":99}"#
                + "\n"
                + (build == "f" ? "" : #"{"event":"step","step":\#(step + 10),"loss":1}"# + "\n")
        }
        let lost = try bash(
            "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; printf %s '\(log[2...4].joined())' >metrics.jsonl; builds_of . | tr '\\n' ' '"
        )
        #expect(lost.output == "e c unknown ", "\(lost)")
        for (count, expected) in [(1, "a"), (2, "b a"), (3, "c a"), (4, "d c a"), (5, "e c a"), (6, "e c a")] {
            let trained = try bash(
                "here=$SCRIPTS; source \"$here/environment\"; source \"$here/experiments\"; printf %s '\(log.prefix(count).joined())' >metrics.jsonl; "
                    + "builds_of . | tr '\\n' ' '")
            #expect(trained.output == expected + " ", "\(trained)")
        }
        let lone = try bash("cp -r \"$SCRIPTS\" launch && bash launch/survey text.txt survey schedules")
        #expect(lone.status == 66 && lone.errors.contains("docs/configuration.md cannot be read"), "\(lone)")
    }

    @Test("Every script sets the locale, and a TMPDIR that does not depend on the current folder")
    func locale() throws {
        let outcome = try bash(
            "cd \"$SCRIPTS\" && for s in $(grep -ls '^#!/usr/bin/env bash' *); do grep -Eq 'source=(environment|launcher)$' \"$s\" || echo \"$s\"; done; "
                + "source ./environment; echo \"$LC_ALL\"; unset LC_ALL; source ./launcher; env | grep ^LC_ALL; cd /usr; TMPDIR=a/b; source \"$SCRIPTS/launcher\"; "
                + "env | grep ^TMPDIR",
            environment: ["LC_ALL": "C"])
        #expect(outcome.output == "C.UTF-8\nLC_ALL=C.UTF-8\nTMPDIR=/usr/a/b\n", "\(outcome)")
    }
}
