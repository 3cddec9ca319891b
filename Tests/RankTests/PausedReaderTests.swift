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

        /// Runs `$R`, a training in `run` with the options, in shell commands whose output is a pipe. The reader of the pipe is `reader`, with these
        /// texts among its commands.
        private func piped(_ more: [String], _ commands: String, reader: String) throws -> ProgramRun {
            try texts.write("lines", "cat run/metrics.jsonl 2> count.errors | wc -l")
            try texts.write("ends", "cat run/metrics.jsonl 2> count.errors | grep -c '\"event\":\"end\"'")
            let words = [Self.program.path] + texts.arguments(run: "run", more)
            let script = "{ \(commands); echo \"status $?\" >&2; touch ended; } | { \(reader); }"
            return try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"), ["-c", script.replacing("$R", with: words.joined(separator: " "))],
                environment: [:], folder: texts.folder, timeLimit: 60)
        }

        /// The process has ended.
        private static let untilEnded = "until [ -e ended ]; do sleep 0.1; done"
        /// The work of the job has ended.
        private static let untilDone = "until [ $(sh ends) -gt 0 ]; do sleep 0.1; done"
        /// The log has many more lines than a pipe takes.
        private static let untilFull = "until [ $(sh lines) -gt 2000 ]; do sleep 0.1; done"
        private static let unreadWarning = "rnntrain: warning: the standard output is not read: "
        private static let endless = ["--epochs", "100000", "--stall-limit", "0", "--validate-every", "0"]

        @Test("A job before a pipe that is not read trains to its end, and then waits for its reader")
        func unread() throws {
            let outcome = try piped(
                ["--epochs", "100", "--stall-limit", "3s"], "$R", reader: "\(Self.untilDone); sleep 5; cat")
            #expect(outcome.errors.hasSuffix("status 0\n"), "\(outcome.errors)")
            #expect(outcome.output.contains("\ndone: "), "\(outcome.lines.suffix(5))")
            #expect(outcome.lines.last?.hasPrefix("  run ") == true, "\(outcome.lines.suffix(5))")
        }

        @Test("A signal after the end of the work ends the wait for the reader")
        func signalAfterEnd() throws {
            let job = "$R & job=$!; \(Self.untilDone); sleep 1; kill -TERM $job; wait $job"
            let outcome = try piped(["--epochs", "100"], job, reader: "\(Self.untilEnded); cat")
            #expect(outcome.errors.hasSuffix("status 0\n") && outcome.errors.contains(Self.unreadWarning), "\(outcome.errors)")
        }

        @Test("A job before a pipe that is not read obeys signals and its time limit", arguments: [true, false])
        func stops(bySignal: Bool) throws {
            let signal = "$R & job=$!; \(Self.untilFull); kill -TERM $job; wait $job"
            let outcome =
                bySignal
                ? try piped(Self.endless, signal, reader: "\(Self.untilEnded); cat")
                : try piped(Self.endless + ["--time-limit", "6s"], "$R", reader: "\(Self.untilEnded); cat")
            #expect(outcome.errors.hasSuffix("status 75\n") && outcome.errors.contains(Self.unreadWarning), "\(outcome.errors)")
            #expect(!texts.checkpointSteps(run: "run").isEmpty)
        }

        @Test("After a stop, the last lines get the room that there is")
        func littleRoom() throws {
            let signal = "$R & job=$!; \(Self.untilFull); kill -TERM $job; wait $job"
            let reader = "\(Self.untilDone); dd bs=4096 count=2 iflag=fullblock 2> dd.errors; \(Self.untilEnded); cat"
            let outcome = try piped(Self.endless, signal, reader: reader)
            #expect(outcome.errors.contains(Self.unreadWarning) && outcome.errors.hasSuffix("status 75\n"), "\(outcome.errors)")
            // Older held lines may follow them.
            #expect(outcome.lines.contains { $0.hasPrefix("  resume ") }, "\(outcome.lines.suffix(5))")
        }

        @Test("A reader that continues gets the held lines in order, and the last lines")
        func continues() throws {
            let outcome = try piped(["--epochs", "300", "--stall-limit", "3s"], "$R", reader: "\(Self.untilFull); cat")
            #expect(outcome.errors.hasSuffix("status 0\n"), "\(outcome.errors)")
            let epochs = outcome.output.matches(of: #/\nepoch (\d+)\/300 .*validation /#).compactMap { Int($0.1) }
            #expect(epochs.count > 1 && epochs == epochs.sorted(), "\(epochs)")
            #expect(outcome.output.contains("\ndone: "), "\(outcome.lines.suffix(5))")
            #expect(outcome.lines.last?.hasPrefix("  run ") == true, "\(outcome.lines.suffix(5))")
        }

        // MARK: Terminals

        /// A training at a terminal on which Ctrl-S has been typed, and the output before.
        private func stopped(_ more: [String]) throws -> (program: TerminalProgram, shown: String) {
            let options = ["--epochs", "100000", "--log-every", "50", "--stall-limit", "3s"] + more
            let program = try TerminalProgram(
                Self.program, texts.arguments(run: "run", options), columns: 100, folder: texts.folder)
            try #require(program.waits(for: " left", times: 3), "\(program.output)")
            program.type("\u{13}")
            usleep(500_000)
            return (program, program.output)
        }

        @Test("Ctrl-S stops the lines, but not the training, and Ctrl-Q continues them")
        func stoppedTerminal() throws {
            let (program, shown) = try stopped(["--validate-every", "0"])
            let logged = try texts.bytes("run/metrics.jsonl").count
            #expect(program.end(seconds: 6) == nil, "\(program.output)")
            #expect(program.output == shown)
            #expect(try texts.bytes("run/metrics.jsonl").count > logged)
            program.type("\u{11}")
            #expect(waitFor(10) { program.output.dropFirst(shown.count).contains(" left") }, "\(program.output)")
            program.send(SIGTERM)
            #expect(program.end(seconds: 15) == 75, "\(program.output)")
        }

        @Test("After Ctrl-S and a signal, the last lines wait for Ctrl-Q, or for a second signal", arguments: [true, false])
        func stopAtTerminal(continues: Bool) throws {
            let (program, _) = try stopped(["--validate-every", "0"])
            program.send(SIGTERM)
            #expect(program.end(seconds: 5) == nil, "\(program.output)")
            if continues { program.type("\u{11}") } else { program.send(SIGTERM) }
            #expect(program.end(seconds: 5) == 75, "\(program.output)")
            #expect(program.output.contains("\n  resume ") == continues, "\(program.output)")
        }

        @Test("After Ctrl-S, the held lines and the error of a job that fails wait for Ctrl-Q")
        func failureAtTerminal() throws {
            let (program, shown) = try stopped(["--validate-every", "100"])
            usleep(1_000_000)
            try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("moved"))
            #expect(program.end(seconds: 6) == nil, "\(program.output)")
            #expect(program.output == shown)
            program.type("\u{11}")
            #expect(program.end(seconds: 5) == 74, "\(program.output)")
            let rest = program.output.dropFirst(shown.count)
            #expect(rest.contains("  validation ") && rest.contains("rnntrain: error: "), "\(rest)")
        }

        @Test("The last error waits for room in a standard error that does not block")
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
            usleep(3_000_000)
            try writer.close()
            let text = String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self).drop { $0 == "." }
            #expect(text.hasPrefix("rnntrain: error: ") && text.contains("gone.txt") && text.hasSuffix("\n"), "\(text)")
            #expect(child.waitForEnd(seconds: 10) == 66)
        }
    }
}
