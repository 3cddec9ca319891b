import TestSupport
import Testing

@Suite("launch/train after SIGQUIT")
struct QuitLauncherTests {
    /// An mpirun that takes long to end after its rank was killed.
    private static let mpirun = """
        #!/bin/bash
        case "$*" in *--version*) echo 'mpirun (Open MPI) 4.1'; exit 0;; *' true') exit 0;; esac
        trap '' INT TERM HUP QUIT USR1 TSTP
        pipe=$(mktemp -u) && mkfifo "$pipe" && exec 9<>"$pipe" && rm "$pipe"
        (exec sleep 60) >/dev/null 2>&1 &
        touch started
        wait $! 2>/dev/null
        touch killed
        read -r -t 20 -u 9
        """

    /// `set -m`: the signals are not ignored in the script.
    private static let command = """
        set -m
        chmod +x bin/mpirun && PATH=$PWD/bin:$PATH
        waited() { for round in $(seq 60); do [ -e "$1" ] && break; sleep 0.05; done; sleep 0.2; }
        "$SCRIPTS/train" -n 1 --run run 2>errors & script=$!
        waited started
        for signal in $SIGNALS; do kill -s $signal $script; sleep 0.3; done
        waited killed
        kill -TERM $script
        wait $script
        echo "status $?"
        cat errors
        """

    @Test("An mpirun that waits for ever after its rank was killed is killed after ten seconds")
    func stuck() throws {
        let scratch = try ScratchFolder()
        try scratch.write(Self.mpirun.replacing("-t 20", with: "-t 60"), to: "bin/mpirun")
        let command = Self.command.replacing("waited killed\nkill -TERM $script\n", with: "").replacing(
            "echo \"status $?\"", with: "echo \"status $?, $((SECONDS < 30))\"")
        let outcome = try ProcessRunner.run(
            "/bin/bash", ["-c", command], in: scratch.folder,
            environment: [
                "RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch"), "SIGNALS": "QUIT",
            ],
            limit: 100)
        #expect(outcome.output.hasPrefix("status 131, 1\n"), "\(outcome)")
    }

    @Test(
        "A further signal while mpirun ends leaves the status as it is, and no message of bash", arguments: ["QUIT", "TERM QUIT"])
    func furtherSignal(signals: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write(Self.mpirun, to: "bin/mpirun")
        let settings = [
            "RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch"), "SIGNALS": signals,
        ]
        let outcome = try ProcessRunner.run(
            "/bin/bash", ["-c", Self.command], in: scratch.folder, environment: settings, limit: 30)
        #expect(outcome.lines.first == "status 131", "\(outcome)")
        #expect(outcome.lines.dropFirst().allSatisfy { $0.hasPrefix("launch/train: ") }, "\(outcome)")
    }
}
