import TestSupport
import Testing

@Suite("launch/demo")
struct DemoScriptTests {
    /// Another `bible` has 100 verses. For the first demo, it waits in their middle until the second demo has ended. The training fails at once.
    @Test("Of two demos at once, each trains on the whole text, and the later one does not replace that of the other")
    func simultaneousDemos() throws {
        let scratch = try ScratchFolder()
        let command = """
            umask 027
            cp -r "$SCRIPTS" launch && mkdir bin && printf 'exit 0\\n' >launch/setup && printf 'exit 75\\n' >launch/train
            printf '%s\\n' 'seq -f "Gen1:%g verse" 50' 'if mkdir first 2>/dev/null; then until [ -e ended ]; do sleep 0.1; done; fi' \
                'seq -f "Gen2:%g verse" 50' >bin/bible
            sed -i 1i'#!/usr/bin/env bash' launch/setup launch/train bin/bible
            chmod +x bin/bible
            PATH=$PWD/bin:$PATH
            bash launch/demo >output & script=$!
            until [ -e first ]; do sleep 0.1; done
            bash launch/demo
            echo "status $?"
            stat -c %i runs/kjv-text >ended
            wait $script
            echo "status $?"
            cat output ended
            stat -c %i runs/kjv-text
            wc -l <runs/kjv-text/train.txt
            stat -c %a runs/kjv-text
            ls -A runs
            """
        let settings = ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch")]
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: settings, limit: 60)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 9 && outcome.errors.isEmpty, "\(outcome)")
        #expect(Array(lines[0..<4]) == ["== Training on 90 verses", "status 75", "status 75", "== Training on 90 verses"])
        #expect(lines[4] == lines[5] && Array(lines[6...]) == ["90", "750", "kjv-text"], "\(outcome)")
    }

    /// The texts of the demo are there already. Another launch/train creates a file in the run folder, and another `date` prints the same second twice.
    @Test("Two demos that start in the same second have two run folders, and one that fails leaves no empty folder")
    func sameSecond() throws {
        let scratch = try ScratchFolder()
        let command = """
            cp -r "$SCRIPTS" launch && mkdir -p bin runs/kjv-text && touch runs/kjv-text/train.txt && printf 'exit 0\n' > launch/setup
            printf '%s\n' 'if [ -e fail ]; then exit 75; fi' 'touch "${@: -1}/config.toml" && exit 75' >launch/train
            printf '%s\n' 'echo >>calls; echo "day-$(($(wc -l <calls) / 3))"' >bin/date
            sed -i 1i'#!/usr/bin/env bash' launch/setup launch/train bin/date
            chmod +x bin/date
            PATH=$PWD/bin:$PATH
            for number in 1 2; do bash launch/demo; done
            touch fail && bash launch/demo
            ls -A runs && cat calls | wc -l
            """
        let settings = ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch")]
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: settings, limit: 60)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(Array(lines.suffix(4)) == ["king-james-day-0", "king-james-day-1", "kjv-text", "6"], "\(outcome)")
    }

    /// The texts of the demo are there already, and another launch/train stands in for the training: it says that it runs, and which signal it gets.
    @Test(
        "A signal to the script alone stops its training, and the script ends with its status",
        arguments: ["TERM", "HUP", "USR1"])
    func signals(signal: String) throws {
        let scratch = try ScratchFolder()
        let command = """
            cp -r "$SCRIPTS" launch && mkdir -p runs/kjv-text && touch runs/kjv-text/train.txt && printf 'exit 0\\n' > launch/setup
            printf '%s\\n' 'touch running' 'trap "echo asked >asked; exit 75" \(signal)' 'while :; do sleep 0.1; done' >launch/train
            sed -i 1i'#!/usr/bin/env bash' launch/setup launch/train
            bash launch/demo & script=$!
            until [ -e running ]; do sleep 0.1; done
            sleep 0.3
            kill -\(signal) $script
            wait $script
            echo "status $?, $(cat asked)"
            """
        let settings = ["RNNTRAIN_PROGRAM": ProcessRunner.program, "SCRIPTS": ProcessRunner.source("launch")]
        let outcome = try ProcessRunner.run("/bin/bash", ["-c", command], in: scratch.folder, environment: settings, limit: 60)
        #expect(outcome.output.hasSuffix("status 75, asked\n") && !outcome.output.contains("Generated text"), "\(outcome)")
    }
}
