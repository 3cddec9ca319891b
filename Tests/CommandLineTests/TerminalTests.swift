import Foundation
import TestSupport
import Testing

/// Long runs on a terminal, with `launch/train`.
@Suite("Training at a terminal", .serialized)
struct TerminalTests {
    private let texts: TrainingFolder
    private static let run = "my 'run'"
    static let model = [
        "--layers", "1", "--embedding-size", "8", "--hidden-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "100000",
        "--validate-every", "0",
    ]

    init() throws { texts = try TrainingFolder(options: Self.model, lines: 2000, validLines: 20) }

    private var script: String { ProcessRunner.source("launch/train") }

    private func terminal(_ command: [String], columns: Int = 80, rows: Int = 24, level: String = "") throws -> TerminalProgram {
        let environment = [
            "RNNTRAIN_CPU_LEVEL": level, "RNNTRAIN_PROGRAM": ProcessRunner.program,
            "OMPI_MCA_btl_vader_backing_directory": texts.folder.path,
        ]
        return try TerminalProgram(
            URL(filePath: "/bin/bash"), command, columns: columns, rows: rows, environment: environment,
            folder: texts.folder)
    }

    private func training(_ columns: Int = 80, rows: Int = 24) throws -> TerminalProgram {
        let program = try terminal([script, "-n", "2"] + texts.arguments(run: Self.run), columns: columns, rows: rows)
        try #require(program.waits(for: "perplexity", times: 2), "\(program.output)")
        return program
    }

    /// The rows with progress. At most the last row may have progress, and it may not continue in a further row.
    private func expectNoDebris(_ program: TerminalProgram, columns: Int) {
        let screen = TerminalScreen(program.output, columns: columns)
        let progress = screen.lines.indices.filter { screen.lines[$0].hasSuffix(" left") || screen.lines[$0].hasPrefix("[") }
        #expect(progress.allSatisfy { $0 == screen.lines.indices.last && !screen.continues[$0] }, "\(screen.lines)")
        #expect(screen.lines.allSatisfy { !$0.contains("launch/train: ") || $0.hasPrefix("launch/train: ") }, "\(screen.lines)")
    }

    private func expectSaved(resumes: Bool) throws {
        let events = try RunLog(run: texts.path(Self.run)).events
        #expect(events.last?["reason"] == "preempted" && events.last?["stopped_by"] == "SIGUSR1")
        #expect(texts.checkpointSteps(run: Self.run).last.map { "\($0)" } == events.last?["step"])
        #expect(events.contains { $0["event"] == "resume" } == resumes)
        #expect(texts.hasNoRank(run: Self.run))
    }

    @Test("Progress is one line at any size", arguments: [(20, 24), (80, 24), (120, 40), (200, 24)])
    func width(columns: Int, rows: Int) throws {
        let program = try training(columns, rows: rows)
        expectNoDebris(program, columns: columns)
        let lines = program.output.split(separator: "\r\u{1B}[K").filter { $0.contains("perplexity") && !$0.contains("\n") }
        #expect(lines.allSatisfy { $0.count < columns }, "\(lines)")
        program.type("\u{3}")
        #expect(program.end(seconds: 30) == 75, "\(program.output)")
        expectNoDebris(program, columns: columns)
    }

    @Test("A message of the launcher replaces the progress line, also if progress is printed at the same time")
    func messageDuringProgress() throws {
        // A program that prints nothing but progress lines, so that one of them follows almost every write of the launcher.
        let program = """
            #!/bin/bash
            if [ -n "${RNNTRAIN_CHECK_ONLY:-}" ]; then exit 3; fi
            trap '' USR1
            while :; do printf '\\r\\033[K[....] epoch 1/9  1m left'; done
            """
        try texts.write("progress", program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: texts.path("progress"))
        for _ in 0..<5 {
            let environment = ["RNNTRAIN_PROGRAM": texts.path("progress")]
            let job = try TerminalProgram(
                URL(filePath: "/bin/bash"), [script, "-n", "1"], columns: 80, environment: environment, folder: texts.folder)
            try #require(job.waits(for: "epoch", times: 2), "\(job.output)")
            job.type("\u{3}")
            #expect(job.waits(for: "SIGINT: the ranks save"), "\(job.output.suffix(200))")
            usleep(1_200_000)  // two within a second are one
            job.type("\u{3}")
            #expect(job.end(seconds: 15) == 130)
            let messages = job.output.split(separator: "\n").filter { $0.contains("launch/train: SIGINT") }
            #expect(
                messages.count == 2 && messages.allSatisfy { $0.contains("\r\u{1B}[Klaunch/train: ") },
                "\(messages.map { $0.suffix(160) })")
        }
    }

    @Test("The progress line adapts to a narrower window")
    func narrower() throws {
        let program = try training(120)
        // The next progress line removes the rows into which the longer line was wrapped. If the window becomes narrower just when a
        // permanent line has replaced the progress line, there are no such rows, so the window becomes narrower until there are.
        let removal = "\u{1B}[J"
        let removed = (0..<5).contains { _ in
            program.resize(columns: 120)
            guard waitFor(20, { (program.output.split(separator: "\r").last?.count ?? 0) > 50 }) else { return false }
            let before = program.output.count
            program.resize(columns: 50)
            return waitFor(8) { program.output.dropFirst(before).contains(removal) }
        }
        #expect(removed, "\(program.output)")
        #expect(
            waitFor(20) {
                guard let last = program.output.ranges(of: removal).last else { return false }
                return program.output[last.upperBound...].ranges(of: "perplexity").count >= 3
            })
        let lines = program.output.split(separator: "\r\u{1B}[K").dropFirst().suffix(2).flatMap { $0.split(separator: "\n") }
            .filter { !$0.contains("validation loss") }
        #expect(lines.allSatisfy { $0.count <= 47 }, "\(lines)")
    }

    @Test("Ctrl-C saves and stops, and the printed command resumes the run", arguments: [(80, 24), (120, 40)])
    func interrupt(columns: Int, rows: Int) throws {
        let first = try training(columns, rows: rows)
        first.type("\u{3}")
        #expect(first.end(seconds: 30) == 75, "\(first.output)")
        expectNoDebris(first, columns: columns)
        try expectSaved(resumes: false)
        let command = try #require(first.output.firstMatch(of: /\n  resume   ([^\n]*)\n/)?.1)
        #expect(command.hasSuffix("/launch/train -n 2 --run '\(texts.path(Self.run).replacing("'", with: "'\\''"))' --resume"))
        let second = try terminal(["-c", String(command)], columns: columns, rows: rows)
        try #require(second.waits(for: "perplexity"), "\(second.output)")
        second.type("\u{3}")
        #expect(second.end(seconds: 30) == 75, "\(second.output)")
        expectNoDebris(second, columns: columns)
        try expectSaved(resumes: true)
    }

    @Test("Ctrl-C saves and stops a run with slow steps")
    func slowSteps() throws {
        let model = ["--hidden-size", "800", "--embedding-size", "64", "--batch-size", "64", "--bptt", "128", "--log-every", "1"]
        let program = try terminal([script, "-n", "2"] + texts.arguments(run: Self.run, model), level: "avx2")
        try #require(program.waits(for: "perplexity", times: 2, seconds: 60 * Sanitizers.patience), "\(program.output)")
        program.type("\u{3}")
        #expect(program.end(seconds: 30 * Sanitizers.patience) == 75, "\(program.output)")
        try expectSaved(resumes: false)
        let times = try RunLog(run: texts.path(Self.run)).events.filter { $0["event"] == "step" }
            .compactMap { Double($0["elapsed_seconds"] ?? "") }
        #expect(times.count >= 2 && times[1] - times[0] > 0.1, "\(times)")
    }

    @Test("Ctrl-C stops a run that is being started", arguments: [0.3, 0.6, 0.9, 1.2, 1.6])
    func early(delay: Double) throws {
        let program = try terminal([script] + texts.arguments(run: Self.run))
        usleep(useconds_t(delay * 1e6))
        program.type("\u{3}")
        let status = try #require(program.end(seconds: 40), "\(program.output)")
        #expect(status == 130 || status == 75 || status == SIGINT, "\(program.output)")
        #expect(texts.hasNoRank(run: Self.run))
    }

    @Test("The run saves when the window is closed or the job is terminated", arguments: [SIGHUP, SIGTERM, SIGUSR1, SIGUSR2])
    func otherSignals(signal: Int32) throws {
        let program = try training()
        if signal == SIGHUP { program.hangUp() } else { program.send(signal) }
        #expect(program.end(seconds: 30) == 75)
        try expectSaved(resumes: false)
    }

}

/// The last lines of short runs.
@Suite("The last lines of a run contain the outcome and advice", .serialized)
struct EndingTests {
    private let texts: TrainingFolder

    init() throws {
        let model = ["--layers", "1", "--embedding-size", "8", "--hidden-size", "8", "--batch-size", "4", "--bptt", "8"]
        texts = try TrainingFolder(options: model, lines: 20, validLines: 10)
    }

    private func new(_ more: String..., environment: [String: String] = [:]) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", texts.arguments(run: "run", more), environment: environment, folder: texts.folder)
    }

    private func resumed(_ more: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", ["--run", texts.path("run"), "--resume"] + more, folder: texts.folder)
    }

    @Test("The last lines contain the number of completed epochs")
    func epochs() throws {
        #expect(try new("--epochs", "1").output.contains("done: 1 epoch, 7 steps, in "))
        #expect(try resumed("--epochs", "3").output.contains("done: 3 epochs, 21 steps (14 of them in this job), in "))
        let fewer = try resumed("--epochs", "2").output
        #expect(fewer.contains("nothing left to train: the run has done 21 steps (3 epochs), and --epochs is 2; "), "\(fewer)")
        #expect(fewer.contains("to continue, resume with --epochs 4 or more\n"), "\(fewer)")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")])
        #expect(verified.output.contains("step 21, epoch 3, "), "\(verified)")
    }

    @Test("A time limit that leaves almost no time for steps is reported, with one that does")
    func shortLimit() throws {
        // The job reserves a second for the end, so a limit of up to a second after the start leaves time for one step.
        for halfSeconds in 2..<20 {
            let outcome = try new("--epochs", "1000000", "--time-limit", "\(Double(halfSeconds) / 2)s")
            if outcome.status == 64 { continue }
            #expect(outcome.status == 75 && outcome.output.contains("\n  time     1 step in "), "\(outcome)")
            let warning =
                /rnntrain: warning: the time limit of [0-9.]+ s left time for 1 step in .* Use --time-limit "[0-9]+ seconds" or more\./
            #expect(outcome.errors.contains(warning), "\(outcome)")
            return
        }
        Issue.record("no limit was long enough for a step")
    }

    @Test("A time limit that is shorter than any start is refused", arguments: ["0.01s", "0.999s"])
    func pastLimit(limit: String) throws {
        let outcome = try new("--epochs", "1", "--time-limit", limit)
        #expect(outcome.status == 64 && outcome.errors.hasPrefix("rnntrain: error: --time-limit is \(limit); "), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }

    @Test("Convergence is reported, also on a resume, with the option that disables it")
    func convergence() throws {
        let options = ["--epochs", "9", "--patience", "2", "--epsilon", "5"]
        let first = try ProgramRun.alone("rnntrain", texts.arguments(run: "run", options), folder: texts.folder).output
        let reason = "2 validations in a row without an improvement of more than 5 nats per token; "
        #expect(first.contains("done: converged after 3 epochs, 21 steps, in "), "\(first)")
        #expect(first.contains(reason + "to continue, resume with --patience 3 or more, or 0 for no limit\n"), "\(first)")
        let again = try resumed().output
        // The validations were compared with the --epsilon of earlier jobs.
        let earlier = "converged after 3 epochs, 21 steps: 2 validations in a row without an improvement; to continue, "
        #expect(again.contains("nothing left to train: the run has \(earlier)"), "\(again)")
        #expect(
            try resumed("--patience", "3").output.contains("done: converged after 4 epochs, 28 steps (7 of them in this job)"))
    }

    @Test("The first progress line is that of the first step")
    func firstLine() throws {
        let lines = try new("--epochs", "1", "--log-every", "1000").lines
        #expect(lines.filter { $0.contains(" left") }.map { $0.prefix(22) } == ["epoch 1/1  step 1/7  l"], "\(lines)")
    }

    @Test("A job after the end of its SLURM allocation runs no step, and ends with status 64 and advice")
    func pastJob() throws {
        let outcome = try new("--epochs", "1", environment: ["SLURM_JOB_END_TIME": "1000000000"])
        #expect(
            outcome.status == 64 && outcome.errors.contains("the end of the SLURM job (SLURM_JOB_END_TIME) passed"), "\(outcome)"
        )
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }
}
