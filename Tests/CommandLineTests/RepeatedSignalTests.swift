import Foundation
import TestSupport
import Testing

/// A terminal, a time limit and a preemption can each send a signal, one shortly after another.
@Suite("Signals while a script waits for its job to save", .timeLimit(.minutes(Sanitizers.minutes(5))))
struct RepeatedSignalTests {
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(lines: 400, validLines: 20) }

    /// Runs a command in the folder, and sends it the signals, `count` of them each after the other, once `condition` holds.
    private func signalled(
        _ command: String, _ signals: [String], count: Int = 10, pause: Double = 0.03, to target: String = "$p",
        once condition: String = hasStep
    ) throws -> ProgramRun {
        let kills = (0..<count).map { "kill -\(signals[$0 % signals.count]) -- \(target) 2>/dev/null; sleep \(pause); " }.joined()
        try FileManager.default.createDirectory(atPath: texts.path("bin"), withIntermediateDirectories: true)
        try texts.write("bin/scontrol", Data("#!/bin/sh\necho \"scontrol: $*\"\n".utf8))
        #expect(chmod(texts.path("bin/scontrol"), 0o755) == 0)
        return try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                "set -m; PATH=\"$PWD/bin:$PATH\"; \(command) & p=$!; for i in $(seq 600); do \(condition) && break; sleep 0.05; done; sleep 0.2; "
                    + kills + "wait $p; echo \"status $?\"",
            ], in: texts.folder,
            environment: [
                "RNNTRAIN_PROGRAM": ProcessRunner.program, "SLURM_SUBMIT_DIR": ProcessRunner.source("."), "SLURM_NTASKS": "2",
                "SLURM_JOB_ID": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "LECTURES_RANKS": "2",
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ], limit: 100)
    }

    /// A model whose steps take longer than the time between two signals.
    private static let large =
        "--hidden-size 400 --embedding-size 400 --layers 2 --batch-size 32 --bptt 35 --epochs 100000 --log-every 1"

    /// The first step has ended: before it, a job that is asked to end has nothing to save.
    private static let hasStep = "grep -q '\"event\":\"step\"' run/metrics.jsonl 2>/dev/null"

    /// A closed window gives SIGHUP twice, `timeout` its signal twice, and the end of a session SIGTERM and SIGHUP.
    @Test(
        "Signals that come together, and SIGHUP at any time, are one request to launch/train and to the program, whatever the options of bash and Open MPI",
        arguments: [
            (train, ["HUP"], 10, 0.3), (train, ["TERM"], 2, 0.05), (train, ["HUP", "TERM"], 2, 0.3),
            (train, ["TERM", "HUP"], 2, 1.5), ("SHELLOPTS=monitor:noglob:keyword:noclobber \(train)", ["TERM"], 1, 0.05),
            ("BASHOPTS=failglob:lastpipe:localvar_inherit:xpg_echo \(train)", ["TERM"], 1, 0.05),
            ("OMPI_MCA_orte_abort_on_non_zero_status=0 \(train)", ["TERM"], 1, 0.05),
            ("OMPI_MCA_orte_max_restarts=3 \(train)", ["TERM"], 1, 0.05),
            (ProcessRunner.program, ["INT"], 2, 0.05),
        ])
    func together(command: String, signals: [String], count: Int, pause: Double) throws {
        let run = "--config /dev/null --train train.txt --valid valid.txt --run run"
        let outcome = try signalled(
            "env -u SLURM_NTASKS -u SLURM_JOB_ID \(command) \(run) \(Self.large)", signals, count: count, pause: pause)
        #expect(outcome.output.hasSuffix("status 75\n") && !outcome.errors.contains("again:"), "\(outcome)")
        #expect(texts.checkpointSteps(run: "run").contains { $0 > 0 }, "\(outcome)")
    }

    /// The subshells of the script, which do not have its traps, get the signals as well.
    @Test(
        "Signals that come together to the whole process group are one request",
        arguments: zip(["INT", "TERM", "TERM", "INT", "TERM", "HUP"], [0.001, 0.002, 0.004, 0.006, 0.009, 0.012]))
    func wholeGroup(signal: String, pause: Double) throws {
        let outcome = try signalled(
            "\(Self.train) --config /dev/null --train train.txt --valid valid.txt --run run \(Self.large)", [signal], count: 2,
            pause: pause, to: "-$p")
        #expect(outcome.output.hasSuffix("status 75\n") && !outcome.errors.contains("again:"), "\(outcome)")
        #expect(texts.checkpointSteps(run: "run").contains { $0 > 0 }, "\(outcome)")
    }

    /// Runs the functions of launch/train with a job, after commands that replace some of them. `signals` are sent once the first step has ended.
    private func supervised(_ replacements: String, _ signals: String) throws -> ProgramRun {
        try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                """
                set -euo pipefail
                program=$RNNTRAIN_PROGRAM
                for part in launcher supervise; do source "\(ProcessRunner.source("launch"))/$part"; done
                \(replacements)
                find_mpirun
                start_job "$mpirun" --quiet -n 2 "$program" --config /dev/null --train train.txt --valid valid.txt --run run \(Self.large) </dev/null
                setsid bash -c 'for i in $(seq 600); do \(Self.hasStep.replacing("'", with: "'\\''")) && break; sleep 0.05; done; \(signals)' signals $$ &
                wait_for_job
                echo "status $status"
                """,
            ], in: texts.folder,
            environment: [
                "RNNTRAIN_PROGRAM": ProcessRunner.program, "OMPI_MCA_rmaps_base_oversubscribe": "1",
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ], limit: 60)
    }

    @Test("The ranks get the request to save also if a signal ends the process that sends it")
    func endedSender() throws {
        let replacement = """
            eval "$(declare -f urge_ranks | sed '1s/urge_ranks/send/')"
            urge_ranks() { if mkdir first 2>/dev/null; then kill -TERM "$BASHPID"; fi; send "$@"; }
            """
        let outcome = try supervised(replacement, "kill -TERM $1")
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: texts.path("first")), "\(outcome)")
    }

    /// A child of bash has the default action for SIGTSTP for a moment after its fork.
    @Test("A child that a second Ctrl-Z stops does not hold the script")
    func stoppedChild() throws {
        let replacement = "has_started() { if mkdir first 2>/dev/null; then sh -c 'kill -STOP $$'; fi; }"
        let outcome = try supervised(
            replacement,
            "kill -TSTP $1; for i in $(seq 200); do grep -q \") T \" /proc/$1/stat && echo stopped && break; sleep 0.05; done; kill -CONT $1; sleep 1; kill -TERM $1"
        )
        #expect(outcome.output.contains("stopped\n") && outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: texts.path("first")), "\(outcome)")
    }

    @Test(
        "A dry run ends at the first signal, without a word of checkpoints, and a second one leaves no file of mpirun, also if it kills mpirun",
        arguments: [
            ("INT", 130, 0.1, ""), ("TERM", 143, 0.1, ""), ("HUP", 129, 0.1, ""), ("USR1", 138, 0.1, ""),
            ("INT", 130, 1.4, stopped),
        ])
    func dryRun(signal: String, status: Int, pause: Double, before: String) throws {
        let size = "--hidden-size 1500 --embedding-size 1500 --layers 4 --batch-size 32 --bptt 70"
        try FileManager.default.createDirectory(atPath: texts.path("tmp"), withIntermediateDirectories: true)
        let outcome = try signalled(
            "TMPDIR=\(texts.path("tmp")) \(Self.train) --config /dev/null --train train.txt --valid valid.txt --run \(texts.path("dry")) --dry-run \(size)",
            [signal],
            count: 2, pause: pause,
            once: "[ \"$(pgrep -c -x -f '[^ ]*rnntrain .* --run \(texts.path("dry")) .*')\" -ge 2 ] \(before)")
        #expect(outcome.output.hasSuffix("status \(status)\n"), "\(outcome)")
        #expect(!(outcome.output + outcome.errors).contains(/checkpoint|resume/), "\(outcome)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: texts.path("tmp")).filter { $0.contains("seg") }
        #expect(left.isEmpty, "\(left)")
    }

    /// The mpirun of the dry run does not react to the end of its ranks.
    private static let stopped = "&& pkill -STOP -f \"^mpirun .* --run $PWD/dry \""

    private static let train = "bash \(ProcessRunner.source("launch/train")) -n 2"

    @Test(
        "A signal to the whole process group leaves the last lines to the reader of a pipe", arguments: ["USR1", "TERM", "HUP"])
    func group(signal: String) throws {
        let job = "\(Self.train) --config /dev/null --train train.txt --valid valid.txt --run run \(Self.large)"
        let outcome = try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                """
                set -m
                { trap : \(signal); \(job) 2>&1; echo "status $?"; } | (trap '' \(signal); cat >log) &
                for i in $(seq 600); do \(Self.hasStep) && break; sleep 0.05; done
                kill -\(signal) %1; wait; cat log
                """,
            ], in: texts.folder, environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program], limit: 60)
        #expect(outcome.output.hasSuffix("status 75\n") && outcome.output.contains("\n  resume "), "\(outcome)")
    }

    @Test("slurm.sbatch waits for the ranks, and requeues the job", arguments: [["USR1"], ["USR1", "TERM"]], [0.03, 0.002])
    func slurm(signals: [String], pause: Double) throws {
        let script = ProcessRunner.source("launch/slurm.sbatch")
        let outcome = try signalled(
            "bash \(script) run --config /dev/null --train train.txt --valid valid.txt \(Self.large)", signals,
            pause: pause)
        #expect(outcome.output.hasSuffix("scontrol: requeue 1\nstatus 75\n"), "\(outcome)")
        #expect(texts.checkpointSteps(run: "run").contains { $0 > 0 }, "\(outcome)")
    }

    @Test("launch/lectures waits for the ranks, and its next start continues", arguments: [["TERM"], ["TERM", "HUP"]])
    func lectures(signals: [String]) throws {
        let script = ProcessRunner.source("launch/lectures")
        let outcome = try signalled(
            "LECTURES_EPOCHS=100000 bash \(script) train.txt lectures clipping", signals,
            once: "grep -q '\"event\":\"step\"' lectures/runs/clip-1/metrics.jsonl 2>/dev/null")
        #expect(outcome.output.hasSuffix("status 75\n"), "\(outcome)")
        #expect(texts.checkpointSteps(run: "lectures/runs/clip-1").contains { $0 > 0 }, "\(outcome)")
    }

    /// The script stops at once, and `launch/train` in it only when the ranks have stopped.
    @Test("A run of launch/lectures continues if fg comes soon after Ctrl-Z", arguments: [0, 0.05, 0.3, 2.5])
    func soonContinued(pause: Double) throws {
        let log = "lectures/runs/clip-1/metrics.jsonl"
        let outcome = try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                """
                set -m
                steps() { cat \(log) 2>/dev/null | grep -c '"event":"step"'; }
                more() { local before=$1; for i in $(seq 400); do [ "$(steps)" -gt "$before" ] && return; sleep 0.05; done; echo "stopped"; }
                LECTURES_EPOCHS=100000 bash \(ProcessRunner.source("launch/lectures")) train.txt lectures clipping & p=$!
                more 0
                kill -TSTP -- -$p; sleep \(pause); kill -CONT -- -$p
                sleep 2.5; more "$(steps)"
                kill -TERM $p; wait $p; echo "status $?"; kill -CONT -- -$p 2>/dev/null; wait
                """,
            ], in: texts.folder,
            environment: [
                "RNNTRAIN_PROGRAM": ProcessRunner.program, "LECTURES_RANKS": "2", "OMPI_MCA_rmaps_base_oversubscribe": "1",
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ], limit: 100)
        #expect(outcome.output.hasSuffix("status 75\n") && !outcome.output.contains("stopped"), "\(outcome)")
    }
}
