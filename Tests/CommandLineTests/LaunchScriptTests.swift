import Foundation
import TestSupport
import Testing

/// Runs the scripts with programs that replace mpirun and rnntrain, and checks the arguments that these receive.
@Suite("Launch scripts")
struct LaunchScriptTests {
    private let scratch: ScratchFolder

    /// A copy of the repository with the scripts, the built `rnntrain`, and an `mpirun` that prints its arguments.
    init() throws {
        scratch = try ScratchFolder()
        for script in ["train", "environment", "launcher", "supervise", "shared-memory", "slurm.sbatch"] {
            try scratch.write(
                String(contentsOfFile: ProcessRunner.source("launch/\(script)"), encoding: .utf8), to: "launch/\(script)")
        }
        try scratch.write("", to: "Package.swift")
        try scratch.write("", to: "Sources/nothing")
        try program(".build/release/rnntrain", "exec '\(ProcessRunner.program)' \"$@\"")
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') cat >/dev/null; exit 0;; esac\n"
                + "read -r line && echo \"mpirun read: $line\"; echo \"mpirun: $*\"; seq 1 \"${COUNT:-1}\"; [ -z \"$SIGNAL\" ] || kill -$SIGNAL $$; exit \"${STATUS:-0}\""
        )
    }

    private func program(_ name: String, _ text: String) throws {
        let path = try scratch.write("#!/bin/sh\n\(text)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func bash(_ command: String, environment: [String: String] = [:]) throws -> ProgramRun {
        let path = scratch.file("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        return try ProcessRunner.run(
            "/bin/bash", ["-c", command], in: scratch.folder, environment: environment.merging(["PATH": path]) { $1 })
    }

    @Test("launch/train passes the ranks and the arguments to mpirun, and does not read standard input")
    func standardInput() throws {
        let outcome = try bash(
            "printf '1\\n2\\n3\\n' | while read -r n; do bash launch/train -n \"$n\" --seed \"$n\" --run \"r$n\"; done")
        #expect(outcome.status == 0, "\(outcome)")
        let given = outcome.lines.filter { $0.hasPrefix("mpirun: ") }
        #expect(given.count == 3 && !outcome.output.contains("mpirun read"), "\(outcome)")
        for (number, line) in zip(1..., given) {
            #expect(line.contains("-n \(number) ") && line.hasSuffix("rnntrain --seed \(number) --run r\(number)"), "\(line)")
        }
    }

    @Test("launch/train reports errors in one line, without mpirun, and with the program's status")
    func errors() throws {
        for (arguments, status, message) in [
            ("--layers 0", 64, "rnntrain: error: --layers is 0; it must be a whole number from 1 to 1000.\n"),
            ("--train gone --valid gone --run r", 66, "rnntrain: error: gone: no such file. "),
            ("--resume --run gone", 66, "rnntrain: error: gone: no run to resume"),
            ("--nonsense", 64, "rnntrain: error: unknown option '--nonsense'"),
            ("-n 0", 64, "launch/train: -n is '0'; it must be a number of ranks from 1 "),
            ("-n 1x", 64, "launch/train: -n is '1x'; "), ("-n 40", 64, "rnntrain: error: 40 ranks cannot share 32 shards. "),
            ("-n", 64, "launch/train: -n is ''; "), ("--layers 1 -n 2", 64, "launch/train: -n RANKS must come first: "),
        ] as [(String, Int32, String)] {
            let outcome = try bash("bash launch/train \(arguments)")
            #expect(outcome.status == status && outcome.errors.hasPrefix(message), "\(outcome)")
            #expect(!outcome.output.contains("mpirun"), "\(outcome)")
        }
        // A folder that holds a run.
        try scratch.write("", to: "held/config.toml")
        let held = try bash("echo a >a.txt; bash launch/train --train a.txt --valid a.txt --run held")
        #expect(held.status == 64 && held.errors.contains("already contains a run") && !held.output.contains("mpirun"), "\(held)")
    }

    @Test("launch/train runs commands without ranks once, without mpirun")
    func withoutRanks() throws {
        for arguments in ["--version", "--print-config", "-n 2 --print-config"] {
            let outcome = try bash("bash launch/train \(arguments)")
            let alone = try ProcessRunner.rnntrain(arguments.split(separator: " ").suffix(1).map(String.init))
            #expect(outcome.status == 0 && outcome.output == alone.output, "\(outcome)")
        }
        let help = try bash("bash launch/train --help")
        #expect(help.output.hasPrefix("Usage: launch/train [-n RANKS] ARGS... ") && help.output.contains("OVERVIEW: "), "\(help)")
        for command in ["evaluate --checkpoint gone --data gone", "generate --checkpoint gone", "verify gone"] {
            let outcome = try bash("bash launch/train \(command)")
            #expect(outcome.status == 66 && outcome.errors.hasPrefix("rnntrain: error: gone: "), "\(outcome)")
            #expect(!outcome.output.contains("mpirun"), "\(outcome)")
        }
    }

    @Test("launch/train without -n starts a rank for each core, and at most as many as can work")
    func defaultRanks() throws {
        try program("bin/nproc", "echo 64")
        try program("bin/lscpu", "seq 64 | sed 's/$/,0/'")
        for (options, ranks) in [("", 32), ("--batch-size 100", 64), ("--shards 3", 3), ("benchmark --batch-size 5", 5)] {
            let outcome = try bash("bash launch/train \(options)")
            #expect(outcome.output.contains("mpirun: -n \(ranks) "), "\(outcome)")
            #expect(outcome.errors.contains("launch/train: starting \(ranks) ranks for 64 cores: ") == (ranks < 64), "\(outcome)")
        }
        #expect(try bash("bash launch/train -n 65 --batch-size 100").output.contains("mpirun: -n 65 "), "an explicit number")
    }

    @Test("launch/train ends with the status of the ranks, and does not pass them the variable of the check")
    func status() throws {
        let outcome = try bash("STATUS=75 bash launch/train -n 1 --run r")
        #expect(outcome.status == 75 && outcome.output.contains("mpirun: "), "\(outcome)")
        let unknown = try bash("STATUS=205 bash launch/train -n 1 --run r")
        #expect(unknown.status == 205 && unknown.errors.contains("launch/train: mpirun ended with status 205; "), "\(unknown)")
        let silent = try bash("STATUS=1 bash launch/train -n 1 --run r")
        #expect(silent.status == 1 && silent.errors.contains("launch/train: mpirun ended with status 1. "), "\(silent)")
        try program("bin/mpirun", "echo \"check: ${RNNTRAIN_CHECK_ONLY:-none}\"")
        #expect(try bash("bash launch/train -n 1 --run r").output.contains("check: none"))
    }

    @Test("A second signal after the end of the ranks changes neither the status nor leaves a wrong message")
    func lateSignal() throws {
        for (status, expected, words) in [
            (75, 75, "the ranks had ended before the second signal"), (0, 0, "the job was done before the second signal"),
            (137, 130, ""),
        ] {
            let state = "stops=2 killed_status=130 status=\(status)"
            let outcome = try bash("source launch/supervise; \(state); explain_end; exit $status")
            #expect(outcome.status == expected && outcome.errors.contains(words) == !words.isEmpty, "\(outcome)")
        }
    }

    @Test("launch/train continues when its reader exits, and works through a link")
    func pipe() throws {
        let options = "-n 1 --train train --valid valid --run r"
        try scratch.write("a b\n", to: "train")
        try scratch.write("a b\n", to: "valid")
        let whole = try bash("ln -s launch/train linked && bash linked \(options)", environment: ["COUNT": "30000"])
        #expect(whole.status == 0 && whole.output.hasSuffix("\n30000\n"), "\(whole.errors)")
        let cut = try bash("bash launch/train \(options) | head -1; echo ${PIPESTATUS[0]}", environment: ["COUNT": "30000"])
        #expect(cut.output.hasSuffix("\n0\n"), "\(cut)")
    }

    /// The name of a program that behaves like a rank: it ends with status 75 at SIGUSR1, and otherwise with 0 after eight
    /// seconds.
    private func rank() throws -> String {
        try program(
            "bin/rank",
            "exec env OMPI_COMM_WORLD_RANK=0 bash -c 'trap \"exit 75\" USR1; touch started; f=$(mktemp -u); mkfifo $f; exec 9<>$f; rm $f; "
                + "while [ $SECONDS -lt 8 ]; do read -t 0.1 -u 9; done; exit 0'")
        return "rank"
    }

    /// Replaces mpirun by a script whose ranks start after a second, and which loses earlier signals.
    private func slowMpirun() throws {
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac\n"
                + "trap '' USR1; touch called; sleep 1; (trap - USR1; exec \(try rank())) & wait $!")
    }

    /// Starts a command in a separate process group, and sends it a signal once a file exists.
    private func signalled(_ command: String, _ signal: String, at file: String) -> String {
        "set -m; \(command) & p=$!; for i in $(seq 200); do [ -e \(file) ] && break; sleep 0.05; done; sleep 0.2; kill -\(signal); "
            + "wait $p; echo \"status $?\""
    }

    @Test(
        "A signal while mpirun is probed ends launch/train, although mpirun handles it",
        arguments: [("INT -- -$p", 130), ("USR1 $p", 75), ("QUIT $p", 131), ("TERM $p", 143)])
    func signalAtProbe(signal: String, status: Int) throws {
        try program("bin/nproc", "echo 2")
        try program("bin/lscpu", "seq 2 | sed 's/$/,0/'")
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') trap 'exit 0' INT TERM USR1; touch probing; "
                + "sleep 2 & wait; exit 0;; esac\necho \"mpirun: $*\"")
        let outcome = try bash(signalled("bash launch/train --run r", signal, at: "probing"))
        #expect(outcome.output.hasSuffix("status \(status)\n") && !outcome.output.contains("mpirun: "), "\(outcome)")
        #expect(outcome.errors.contains("before the start: nothing is lost. Run the same command again."), "\(outcome)")
    }

    @Test("A signal that mpirun loses while it starts reaches the ranks", arguments: ["INT", "USR1", "TERM"])
    func lostSignal(signal: String) throws {
        try slowMpirun()
        let outcome = try bash(signalled("bash launch/train -n 1 --run r", signal + " $p", at: "called"))
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
    }

    @Test("slurm.sbatch repeats a signal until the ranks react, and starts no job after an early one")
    func slurmSignals() throws {
        let environment = ["SLURM_SUBMIT_DIR": scratch.folder.path, "SLURM_JOB_ID": "1"]
        try program("bin/scontrol", "echo \"scontrol: $*\"")
        try slowMpirun()
        let lost = try bash(signalled("bash launch/slurm.sbatch run", "USR1 $p", at: "called"), environment: environment)
        #expect(lost.output.hasSuffix("scontrol: requeue 1\nstatus 75\n"), "\(lost)")
        try program("bin/mpirun", "touch asked; sleep 0.7; echo 'mpirun (Open MPI) 4.1'; [ \"$1\" = --version ] || touch ran")
        let early = try bash(signalled("bash launch/slurm.sbatch run", "USR1 $p", at: "asked"), environment: environment)
        #expect(early.output.hasSuffix("scontrol: requeue 1\nstatus 75\n"), "\(early)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("ran")))
    }

    @Test("An mpirun that waits without ranks after a signal is ended")
    func deadlock() throws {
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac\n"
                + "exec bash -c 'trap \"\" USR1 TERM; f=$(mktemp -u); mkfifo $f; exec 9<>$f; rm $f; touch called; read -t 30 -u 9'"
        )
        let outcome = try bash(signalled("bash launch/train -n 1 --run r", "INT $p", at: "called"))
        #expect(outcome.output.hasSuffix("status 75\n") && outcome.errors.contains("run the same command again"), "\(outcome)")
    }

    @Test("A program that does not exist is reported with its path")
    func noProgram() throws {
        let outcome = try bash("RNNTRAIN_PROGRAM=/gone/rnntrain bash launch/train -n 1 --run r")
        #expect(outcome.status == 66 && outcome.errors.hasPrefix("launch/train: /gone/rnntrain: no such program."), "\(outcome)")
    }

    @Test("A second signal kills the ranks but not mpirun, which a signal may crash")
    func secondSignal() throws {
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac\n"
                + "trap 'exit 139' TERM; trap : USR1; (trap '' USR1; exec sleep 60) & touch started\n"
                + "while kill -0 $! 2>/dev/null; do wait $!; done; exit 137")
        let outcome = try bash(
            "bash launch/train -n 1 --run r & p=$!; for i in $(seq 200); do [ -e started ] && break; sleep 0.1; done; "
                + "kill -TERM $p; sleep 1.3; kill -TERM $p; wait $p; echo \"status $?\"")
        #expect(
            outcome.output.hasSuffix("status 143\n") && outcome.errors.contains("SIGTERM again: the ranks end now"), "\(outcome)")
    }

    @Test("slurm.sbatch passes its arguments on, for a new run and for a resume")
    func slurm() throws {
        let environment = ["SLURM_SUBMIT_DIR": scratch.folder.path, "SLURM_NTASKS": "3", "SLURM_JOB_ID": "1"]
        let new = try bash("bash launch/slurm.sbatch run --epochs 3 --train 'a b'", environment: environment)
        #expect(new.status == 0 && new.output.contains("rnntrain --run run --epochs 3 --train a b\n"), "\(new)")
        try scratch.write("", to: "run/config.toml")
        let resumed = try bash("bash launch/slurm.sbatch run --epochs 5", environment: environment)
        #expect(
            resumed.status == 0 && resumed.output.contains("-n 3 ")
                && resumed.output.contains("rnntrain --run run --epochs 5 --resume\n"), "\(resumed)")
        try program("bin/scontrol", "echo \"scontrol: $*\"")
        let preempted = try bash("STATUS=75 bash launch/slurm.sbatch run", environment: environment)
        #expect(preempted.status == 75 && preempted.output.contains("scontrol: requeue 1\n"), "\(preempted)")
        let early = try bash("SIGNAL=USR1 timeout 20 bash launch/slurm.sbatch run", environment: environment)
        #expect(early.status == 75 && early.output.contains("scontrol: requeue 1\n"), "\(early)")
        #expect(try bash("bash launch/slurm.sbatch", environment: environment).status == 64)
        let byHand = try bash("STATUS=75 bash launch/slurm.sbatch run", environment: ["SLURM_SUBMIT_DIR": scratch.folder.path])
        #expect(byHand.status == 75 && !byHand.errors.contains("unbound"), "\(byHand)")
    }

    @Test("slurm.sbatch does not requeue a job whose rank was killed, and says how to continue")
    func slurmKilled() throws {
        try program("bin/scontrol", "echo \"scontrol: $*\"")
        let environment = ["SLURM_SUBMIT_DIR": scratch.folder.path, "SLURM_JOB_ID": "1"]
        let killed = try bash("STATUS=137 bash launch/slurm.sbatch run", environment: environment)
        #expect(killed.status == 137 && !killed.output.contains("scontrol"), "\(killed)")
        #expect(killed.errors.contains("Submit the job again with the same arguments"), "\(killed)")
    }

    @Test("slurm.sbatch saves after SIGTERM and leaves the requeue to SLURM, and reports a missing program")
    func slurmEnds() throws {
        let environment = ["SLURM_SUBMIT_DIR": scratch.folder.path, "SLURM_JOB_ID": "1"]
        try program("bin/scontrol", "echo \"scontrol: $*\"; exit 1")
        try program(
            "bin/mpirun",
            "case \"$*\" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; esac\n"
                + "\(try rank()) & kill -$SIGNAL $PPID; wait $!")
        let terminated = try bash("SIGNAL=TERM bash launch/slurm.sbatch run", environment: environment)
        #expect(terminated.status == 75 && !terminated.output.contains("scontrol"), "\(terminated)")
        let refused = try bash("SIGNAL=USR1 bash launch/slurm.sbatch run", environment: environment)
        #expect(refused.status == 75 && refused.output.contains("scontrol: requeue 1\n"), "\(refused)")
        #expect(refused.errors.contains("submit it again"), "\(refused)")
        let missing = try bash("RNNTRAIN_PROGRAM=/gone/rnntrain bash launch/slurm.sbatch run", environment: environment)
        #expect(missing.status == 66 && missing.errors.hasPrefix("slurm.sbatch: /gone/rnntrain: no such program."), "\(missing)")
    }

    @Test(
        "Scripts refuse arguments that they do not have, before they build",
        arguments: [
            "test x", "test-hosts t.o", "test-library --biuld", "test-mpi --biuld", "test-mpi --build x", "test-install x",
            "demo --long x", "demo ''", "fuzz 0", "compare-pytorch --model 'char wikitext-2'", "slurm.sbatch --config x",
        ])
    func refusedArguments(command: String) throws {
        let outcome = try bash("bash '\(ProcessRunner.source("launch"))'/\(command)")
        #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    @Test("Every script prints its synopsis with --help")
    func help() throws {
        for script in [
            "setup", "install", "demo", "test", "test-install", "test-library", "test-mpi", "test-hosts", "fuzz", "soak",
            "compare-pytorch", "compare-score", "survey", "lectures",
        ] {
            let outcome = try bash("bash '\(ProcessRunner.source("launch"))/\(script)' --help")
            #expect(outcome.status == 0 && outcome.output.contains("\n    launch/\(script)"), "\(outcome)")
        }
    }

    @Test("The scripts pass bash -n and, if installed, shellcheck")
    func syntax() throws {
        let folder = ProcessRunner.source("launch")
        let outcome = try bash(
            "cd '\(folder)' && for s in $(find . -maxdepth 1 -type f) hosts/network hosts/cases; do bash -n \"$s\" || exit 1; done; "
                + "! command -v shellcheck >/dev/null || shellcheck -x $(find . -maxdepth 1 -type f) hosts/network hosts/cases")
        #expect(outcome.status == 0, "\(outcome)")
    }
}
