import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Readers that do not read, such as a pager, or a terminal after Ctrl-S.
    @Suite("A reader that pauses does not stop training", .serialized)
    struct PausedReaderTests {
        private static let options = [
            "--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--layers", "1",
            "--log-every", "1", "--patience", "0",
        ]
        private static let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain")
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(options: Self.options, lines: 100, validLines: 10) }

        /// Runs `$R`, a training in `run` with the options, in shell commands whose output is a pipe. The reader of the pipe waits until `event`
        /// holds; `$LOG` is the number of lines of `metrics.jsonl`.
        private func piped(_ more: [String], _ commands: String, readsAfter event: String) throws -> ProgramRun {
            try texts.write("count", "cat run/metrics.jsonl 2> count.errors | wc -l")
            let words = [Self.program.path] + texts.arguments(run: "run", more)
            let script =
                "{ \(commands); echo \"status $?\" >&2; touch ended; } | { until [ \(event) ]; do sleep 0.1; done; cat; }"
            return try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"), ["-c", script.replacing("$R", with: words.joined(separator: " "))],
                environment: [:], folder: texts.folder, timeLimit: 60)
        }

        private static let ended = "-e ended"
        /// Many more lines than a pipe takes.
        private static let manyLines = "$(sh count) -gt 2000"
        private static let unreadWarning = "rnntrain: warning: the standard output is not read: "

        @Test("A job before a pipe that is not read trains to its end")
        func unread() throws {
            let outcome = try piped(["--epochs", "100", "--stall-limit", "3s"], "$R", readsAfter: Self.ended)
            #expect(outcome.errors.hasSuffix("status 0\n") && outcome.errors.contains(Self.unreadWarning), "\(outcome.errors)")
            #expect(try String(decoding: texts.bytes("run/metrics.jsonl"), as: UTF8.self).contains("\"event\":\"end\""))
        }

        @Test("A job before a pipe that is not read obeys signals and its time limit", arguments: [true, false])
        func stops(bySignal: Bool) throws {
            let more = ["--epochs", "100000", "--stall-limit", "0", "--validate-every", "0"]
            let signal = "$R & job=$!; until [ \(Self.manyLines) ]; do sleep 0.1; done; kill -TERM $job; wait $job"
            let outcome =
                bySignal
                ? try piped(more, signal, readsAfter: Self.ended)
                : try piped(more + ["--time-limit", "6s"], "$R", readsAfter: Self.ended)
            #expect(outcome.errors.hasSuffix("status 75\n"), "\(outcome.errors)")
            #expect(!texts.checkpointSteps(run: "run").isEmpty)
        }

        @Test("A reader that continues gets the held lines in order, and the last lines")
        func continues() throws {
            let outcome = try piped(["--epochs", "300", "--stall-limit", "3s"], "$R", readsAfter: Self.manyLines)
            #expect(outcome.errors.hasSuffix("status 0\n"), "\(outcome.errors)")
            let epochs = outcome.output.matches(of: #/\nepoch (\d+)\/300 .*validation /#).compactMap { Int($0.1) }
            #expect(epochs.count > 1 && epochs == epochs.sorted(), "\(epochs)")
            #expect(outcome.output.contains("\ndone: "), "\(outcome.lines.suffix(5))")
            #expect(outcome.lines.last?.hasPrefix("  run ") == true, "\(outcome.lines.suffix(5))")
        }

        @Test("Ctrl-S stops the lines, but not the training, and Ctrl-Q continues them")
        func stoppedTerminal() throws {
            let more = ["--epochs", "100000", "--log-every", "50", "--stall-limit", "3s", "--validate-every", "0"]
            let program = try TerminalProgram(
                Self.program, texts.arguments(run: "run", more), columns: 100, folder: texts.folder)
            try #require(program.waits(for: " left", times: 3), "\(program.output)")
            program.type("\u{13}")
            usleep(500_000)
            let shown = program.output
            let logged = try texts.bytes("run/metrics.jsonl").count
            #expect(program.end(seconds: 6) == nil, "\(program.output)")
            #expect(program.output == shown)
            #expect(try texts.bytes("run/metrics.jsonl").count > logged)
            program.type("\u{11}")
            #expect(waitFor(10) { program.output.dropFirst(shown.count).contains(" left") }, "\(program.output)")
            program.type("\u{13}")
            usleep(500_000)
            program.send(SIGTERM)
            #expect(program.end(seconds: 15) == 75, "\(program.output)")
        }

        @Test("An error line waits for room in a standard error that does not block")
        func fullErrors() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
            let writer = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
            try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
            let filling = [UInt8](repeating: 0x2E, count: 4096)
            while write(ends[1], filling, filling.count) > 0 {}
            let child = try ChildProcess(
                Self.program, texts.arguments(run: "run", ["--train", "gone.txt"]),
                environment: ProcessInfo.processInfo.environment, folder: texts.folder, errors: writer)
            usleep(1_000_000)
            try writer.close()
            let text = String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self).drop { $0 == "." }
            #expect(text.hasPrefix("rnntrain: error: ") && text.contains("gone.txt") && text.hasSuffix("\n"), "\(text)")
            #expect(child.waitForEnd(seconds: 10) == 66)
        }
    }
}
