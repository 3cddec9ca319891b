import TestSupport
import Testing

@Suite("launch/train before a reader that pauses")
struct PausedLauncherTests {
    /// The pipe is full when the first signal comes. mpirun passes on the output of the ranks, and waits for the reader.
    @Test("Two signals end it, and its checkpoint is saved")
    func twoSignals() throws {
        let scratch = try ScratchFolder()
        try scratch.write(String(repeating: "the cat sat on the mat\n", count: 200), to: "text.txt")
        let command = """
            mkfifo unread && exec 3<>unread
            "$SCRIPTS/train" -n 2 --text text.txt --run run --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 100000 \
                --patience 0 --log-every 1 >unread 2>errors & script=$!
            until [ "$(cat run/metrics.jsonl 2>/dev/null | wc -l)" -gt 2000 ]; do sleep 0.1; done
            kill -TERM $script && sleep 3 && kill -TERM $script
            for round in $(seq 100); do kill -0 $script 2>/dev/null || break; sleep 0.1; done
            if kill -0 $script 2>/dev/null; then kill -KILL $script; fi
            wait $script
            echo "status $?, $(grep -c 'preempted' run/metrics.jsonl)"
            """
        let settings = ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch")]
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: settings, limit: 120)
        #expect(["status 143, 1\n", "status 75, 1\n"].contains(outcome.output), "\(outcome)")
    }
}
