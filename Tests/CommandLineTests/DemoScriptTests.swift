import TestSupport
import Testing

@Suite("launch/demo")
struct DemoScriptTests {
    /// The texts of the demo are there already, and another launch/train stands in for the training: it says that it runs, and which signal it gets.
    @Test("A signal to the script alone stops its training, and the script ends with its status", arguments: ["TERM", "HUP"])
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
