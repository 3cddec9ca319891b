import Foundation
import TestSupport
import Testing

/// `launch/train` as a shell starts it: in a process group of its own, the foreground one of the terminal.
@Suite("Ctrl-Z under launch/train", .serialized, .timeLimit(.minutes(Sanitizers.minutes(5))))
struct SuspensionTests {
    private let texts: TrainingFolder
    private static let run = "run"

    init() throws { texts = try TrainingFolder(options: TerminalTests.model, lines: 2000, validLines: 20) }

    /// A training at a terminal, and the process of `launch/train`. The program of the terminal waits for it, without the commands of a shell.
    ///
    /// - Parameter inBackground: not in the foreground group, and at a terminal that stops processes of the background that write to it.
    private func training(inBackground: Bool = false) throws -> (program: TerminalProgram, script: Int32) {
        let shell = """
            import os, signal, sys, termios
            background = \(inBackground ? 1 : 0)
            if background:
                modes = termios.tcgetattr(0)
                modes[3] |= termios.TOSTOP
                termios.tcsetattr(0, termios.TCSANOW, modes)
            child = os.fork()
            if child == 0:
                os.setpgid(0, 0)
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                if not background: os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.execvp(sys.argv[1], sys.argv[1:])
            open("process", "w").write(str(child))
            while os.WIFSTOPPED(status := os.waitpid(child, os.WUNTRACED)[1]):
                open("stopped", "w").write(signal.Signals(os.WSTOPSIG(status)).name)
            sys.exit(os.waitstatus_to_exitcode(status) % 256)
            """
        let command = ["-c", shell, "bash", ProcessRunner.source("launch/train"), "-n", "2"] + texts.arguments(run: Self.run)
        let environment = [
            "RNNTRAIN_PROGRAM": ProcessRunner.program, "OMPI_MCA_btl_vader_backing_directory": texts.folder.path,
        ]
        let program = try TerminalProgram(
            URL(filePath: "/usr/bin/python3"), command, columns: 80, environment: environment, folder: texts.folder)
        try #require(program.waits(for: "perplexity", times: 2), "\(program.output)")
        let script = try String(contentsOfFile: texts.path("process"), encoding: .utf8)
        return (program, try #require(Int32(script)))
    }

    private func expectSaved() throws {
        let events = try RunLog(run: texts.path(Self.run)).events
        #expect(events.last?["reason"] == "preempted" && events.last?["stopped_by"] == "SIGUSR1")
        #expect(texts.checkpointSteps(run: Self.run).last.map { "\($0)" } == events.last?["step"])
        #expect(texts.hasNoRank(run: Self.run))
    }

    @Test("A second Ctrl-C ends the run at once, and Ctrl-Z suspends it")
    func impatience() throws {
        let (program, script) = try training()
        program.type("\u{1A}")
        let ranks = ProcessTable.processes(of: "rnntrain", naming: texts.path(Self.run))
        #expect(ranks.count == 2 && waitFor(10) { (ranks + [script]).allSatisfy(isStopped) }, "they go on")
        // A shell ends a loop only for this signal.
        #expect(waitFor(5) { (try? String(contentsOfFile: texts.path("stopped"), encoding: .utf8)) == "SIGTSTP" })
        let shown = program.output
        #expect(!waitFor(2) { program.output != shown }, "\(program.output.dropFirst(shown.count))")
        Foundation.kill(script, SIGCONT)
        #expect(waitFor(10) { !ranks.contains(where: isStopped) }, "they stay stopped")
        for rank in ranks { Foundation.kill(rank, SIGSTOP) }
        program.type("\u{3}")
        #expect(program.waits(for: "SIGINT: the ranks save"))
        #expect(program.end(seconds: 1) == nil)
        program.type("\u{3}")
        let status = try #require(program.end(seconds: 15), "\(program.output)")
        #expect(status == 130 && program.output.contains("SIGINT again"))
        #expect(!program.output.contains("Segmentation fault"), "\(program.output)")
        #expect(texts.hasNoRank(run: Self.run))
    }

    @Test("A second Ctrl-Z while the ranks stop changes nothing, also for Ctrl-C", arguments: [0.03, 0.08, 0.12])
    func secondSuspension(pause: Double) throws {
        let (program, script) = try training()
        let ranks = ProcessTable.processes(of: "rnntrain", naming: texts.path(Self.run))
        for _ in 0..<3 {
            program.type("\u{1A}")
            usleep(useconds_t(pause * 1e6))
            program.type("\u{1A}")
            #expect(waitFor(10) { (ranks + [script]).allSatisfy(isStopped) }, "they go on: \(program.output.suffix(300))")
            usleep(500_000)
            Foundation.kill(script, SIGCONT)
            #expect(waitFor(10) { !ranks.contains(where: isStopped) }, "they stay stopped")
        }
        program.type("\u{1A}\u{1A}\u{3}")
        #expect(program.end(seconds: 30) == 75, "\(program.output)")
        try expectSaved()
    }

    @Test("The ranks save and end if a suspended launch/train is killed")
    func killedWhileSuspended() throws {
        let (program, script) = try training()
        let ranks = ProcessTable.processes(of: "rnntrain", naming: texts.path(Self.run))
        program.type("\u{1A}")
        #expect(waitFor(10) { (ranks + [script]).allSatisfy(isStopped) }, "they go on: \(program.output.suffix(300))")
        Foundation.kill(script, SIGKILL)
        #expect(waitFor(20) { texts.hasNoRank(run: Self.run) }, "they stay stopped")
        try expectSaved()
    }

    @Test("A signal to launch/train in the background reaches the ranks also after stty tostop")
    func background() throws {
        let (program, script) = try training(inBackground: true)
        Foundation.kill(script, SIGTERM)
        #expect(program.end(seconds: 30) == 75, "\(program.output)")
        try expectSaved()
    }

    private func isStopped(_ process: Int32) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return stat.firstMatch(of: #/\) ([A-Z]) /#)?.1 == "T"
    }
}
