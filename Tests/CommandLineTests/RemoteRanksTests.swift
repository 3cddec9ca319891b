import Foundation
import TestSupport
import Testing

/// A request to stop while no rank runs on the machine of `launch/train`. A script replaces mpirun: it ends with 75 after SIGUSR1, as if its ranks had
/// saved.
@Suite("Signals to launch/train with ranks on other hosts")
struct RemoteRanksTests {
    private let scratch: ScratchFolder

    init() throws {
        scratch = try ScratchFolder()
        for script in ["train", "environment", "launcher", "supervise", "shared-memory"] {
            try scratch.write(
                String(contentsOfFile: ProcessRunner.source("launch/\(script)"), encoding: .utf8), to: "launch/\(script)")
        }
        try scratch.write("", to: "Package.swift")
        try scratch.write("", to: "Sources/nothing")
        let listener = """
            import socket, time
            server = socket.create_server(("127.0.0.1", 0))
            print(server.getsockname()[1], flush=True)
            connection = server.accept()
            time.sleep(20)
            """
        try scratch.write(listener, to: "listener.py")
        try program(".build/release/rnntrain", "exit 3")
        try program("bin/ldd", "echo '\tlibmpi.so.40 => not found'")
    }

    private func program(_ name: String, _ text: String) throws {
        let path = try scratch.write("#!/bin/bash\n\(text)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// Sends SIGTERM to `launch/train` once mpirun has done its first commands. mpirun has no other process while it waits.
    ///
    /// - Parameter before: commands before the signal. `$p` is `launch/train`.
    private func stop(
        beginning first: String, each: String = ":", wrapper: String? = nil, before: String = "",
        environment: [String: String] = [:]
    ) throws -> ProgramRun {
        let mpirun = """
            case "$*" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac
            trap 'echo saved; exit 75' USR1
            \(first)
            echo >started
            while \(each); do read -rt 0.2 <>pipe; done
            exit 10
            """
        try program("bin/mpirun.real", mpirun)
        for name in ["mpirun", "mpirun.openmpi", "orterun"] {
            try program("bin/\(name)", wrapper.map { "\($0)mpirun.real \"$@\"; exit $?" } ?? mpirun)
        }
        let command =
            "PATH=$PWD/bin:$PATH; mkfifo pipe; python3 listener.py >port & while [ ! -s port ]; do sleep 0.05; done; bash launch/train -n 2 --run run & p=$!; "
            + "for i in $(seq 200); do [ -s started ] && break; sleep 0.05; done; \(before) kill -TERM $p; wait $p; echo \"status $?\"; kill %1"
        return try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: environment, limit: 100)
    }

    @Test("An mpirun that has a connection to its daemons passes the request on, and is not killed")
    func connection() throws {
        let outcome = try stop(beginning: "exec 4<>/dev/tcp/127.0.0.1/$(<port)")
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("An agent that reaches other hosts is no rank, whatever its name is")
    func agent() throws {
        let outcome = try stop(
            beginning: "cp \"$(command -v sleep)\" qrsh; ./qrsh 20 & agent=$!; exec 4<>/dev/tcp/127.0.0.1/$(<port)",
            each: "kill -0 $agent 2>/dev/null")
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("An agent is no rank if mpirun is itself started with the number of a rank")
    func agentInStep() throws {
        let outcome = try stop(
            beginning: "sleep 20 & agent=$!; exec 4<>/dev/tcp/127.0.0.1/$(<port)", each: "kill -0 $agent 2>/dev/null",
            environment: ["PMIX_RANK": "0"])
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("An agent with several processes counts as one daemon")
    func pipeline() throws {
        let outcome = try stop(
            beginning: "bash -c 'sleep 20 | sleep 20' & agent=$!; exec 4<>/dev/tcp/127.0.0.1/$(<port)",
            each: "kill -0 $agent 2>/dev/null")
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("An mpirun that starts its daemons gets the request when they are connected")
    func early() throws {
        let outcome = try stop(
            beginning: "trap 'exit 0' USR1; cp \"$(command -v sleep)\" ssh; ./ssh 20 & agent=$!; echo >started; "
                + "for i in $(seq 10); do read -rt 0.2 <>pipe; done; exec 4<>/dev/tcp/127.0.0.1/$(<port); trap 'echo saved; kill $agent; exit 75' USR1"
        )
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("Status 0 of an mpirun that was asked to end is no sign that the run is done")
    func zero() throws {
        let outcome = try stop(beginning: "exec 4<>/dev/tcp/127.0.0.1/$(<port); trap 'exit 0' USR1")
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(outcome.errors.contains("launch/train: mpirun ended with status 0 after the signal."), "\(outcome)")
    }

    @Test("A script that starts mpirun is not mpirun", arguments: ["", "timeout 60 "])
    func wrapper(program: String) throws {
        let outcome = try stop(beginning: "exec 4<>/dev/tcp/127.0.0.1/$(<port)", wrapper: program)
        #expect(outcome.output.hasSuffix("saved\nstatus 75\n"), "\(outcome)")
    }

    @Test("Ctrl-Z stops mpirun, and not the script that starts it, and mpirun continues with launch/train")
    func suspendedWrapper() throws {
        let outcome = try stop(
            beginning: "exec 4<>/dev/tcp/127.0.0.1/$(<port); trap 'echo stopped' TSTP; "
                + "trap 'echo continued; touch continued' CONT",
            wrapper: "",
            before: "kill -TSTP $p; for i in $(seq 200); do grep -q ') T ' /proc/$p/stat && break; sleep 0.05; done; sleep 0.5; "
                + "kill -CONT $p; for i in $(seq 200); do [ -e continued ] && break; sleep 0.05; done;")
        #expect(outcome.output.hasSuffix("stopped\ncontinued\nsaved\nstatus 75\n"), "\(outcome)")
    }

    @Test("Status 0 of an mpirun that ends at Ctrl-Z is no sign that the run is done")
    func zeroWhenSuspended() throws {
        let outcome = try stop(
            beginning: "exec 4<>/dev/tcp/127.0.0.1/$(<port); trap 'exit 0' TSTP",
            before: "kill -TSTP $p; for i in $(seq 200); do grep -q ') T ' /proc/$p/stat && break; sleep 0.05; done; "
                + "kill -CONT $p; sleep 1;")
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(outcome.errors.contains("launch/train: mpirun ended with status 0 after the signal."), "\(outcome)")
    }

    @Test("An mpirun whose daemons do not connect within a minute is killed")
    func silentHost() throws {
        let outcome = try stop(beginning: "cp \"$(command -v sleep)\" ssh; ./ssh 200 & agent=$!")
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(outcome.errors.contains("the signal came while mpirun was starting or ending"), "\(outcome)")
    }
}
