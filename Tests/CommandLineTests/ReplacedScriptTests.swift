import Foundation
import TestSupport
import Testing

/// bash reads a script while it runs. A new version of `launch/` may be copied over the files of a running job.
@Suite("Scripts that are overwritten while they run")
struct ReplacedScriptTests {
    @Test(
        "The status and the commands of launch/train are those of the version that was started",
        arguments: ["exit 0", "touch executed"])
    func train(line: String) throws {
        let texts = try TrainingFolder(lines: 400, validLines: 20)
        let size = "--hidden-size 100 --batch-size 8 --epochs 100000 --log-every 1"
        // The lines of the new version are as many as a script of any length has.
        let outcome = try ProcessRunner.run(
            "/bin/bash",
            [
                "-c",
                """
                cp -r '\(ProcessRunner.source("launch"))' launch
                launch/train -n 1 --config /dev/null --train train.txt --valid valid.txt --run run \(size) & p=$!
                for i in $(seq 600); do grep -q '"event":"step"' run/metrics.jsonl 2>/dev/null && break; sleep 0.05; done
                for i in $(seq 2000); do echo '\(line)'; done >new
                cat new >launch/train
                kill -TERM $p; wait $p; echo "status $?"; ls
                """,
            ], in: texts.folder, environment: ["RNNTRAIN_PROGRAM": ProcessRunner.program])
        #expect(outcome.output.contains("\nstatus 75\n") && !outcome.output.contains("executed"), "\(outcome)")
    }

    @Test(
        "Scripts that a user runs are read at once",
        arguments: ["train", "survey", "lectures", "demo", "compare-pytorch", "compare-score", "setup", "install"])
    func braces(name: String) throws {
        let script = try String(contentsOfFile: ProcessRunner.source("launch/\(name)"), encoding: .utf8)
        #expect(script.contains("\n{\n") && script.contains(/(\n}; exit|\nexit "\$status"\n})\n$/))
    }
}
