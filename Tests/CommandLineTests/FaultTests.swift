import Foundation
import TestSupport
import Testing

@Suite("Errors in the command line and in configuration files")
struct FaultTests {
    private func expectFault(
        _ arguments: [String], in folder: URL? = nil, status: Int32, says message: String,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try ProcessRunner.rnntrain(arguments, in: folder)
        #expect(outcome.status == status, sourceLocation: location)
        #expect(outcome.output.isEmpty, sourceLocation: location)
        #expect(outcome.errors.hasPrefix("rnntrain: error: " + message), "\(outcome.errors)", sourceLocation: location)
    }

    @Test("An unknown option, a wrong value and a missing one end with status 64")
    func wrongOptions() throws {
        try expectFault(["--hiden-size", "3"], status: 64, says: "unknown option '--hiden-size'. Did you mean '--hidden-size'?")
        try expectFault(["--layers", "two"], status: 64, says: "--layers is two; it must be a whole number from 1 to 1000.")
        try expectFault(
            ["--cell", "ltsm"], status: 64,
            says: "--cell is ltsm; it must be one of \"additive\", \"average\", ")
        try expectFault(["--layers"], status: 64, says: "missing value for '--layers <n>'")
        try expectFault(["evaluate", "--data", "x"], status: 64, says: "missing expected argument '--checkpoint <path>'")
        try expectFault(
            ["evaluate", "--chekpoint", "x", "--data", "x"], status: 64,
            says: "unknown option '--chekpoint'. Did you mean '--checkpoint'?")
        try expectFault(
            ["generate", "--checkpoint", "x", "--temp", "2"], status: 64,
            says: "unknown option '--temp'. Did you mean '--temperature'?")
        try expectFault(
            ["evaluate", "--checkpoint", "x", "--data", "x", "--surprisal"], status: 64,
            says: "unknown option '--surprisal'. See 'rnntrain evaluate --help'.\n")
    }

    @Test("An unknown command ends with status 64 and the list of commands")
    func unknownCommand() throws {
        let commands =
            "The commands are train, evaluate, score, classify, compare, probe, rescore, generate, ngram, verify, inspect, error-surface, "
            + "report and benchmark.\n"
        try expectFault(["trian"], status: 64, says: "unknown command 'trian'. Did you mean 'train'? " + commands)
        try expectFault(["surprisal", "--checkpoint", "x"], status: 64, says: "unknown command 'surprisal'. " + commands)
        try expectFault(["help", "surprisal"], status: 64, says: "unknown command 'surprisal'. " + commands)
    }

    @Test("A wrong option is one line", arguments: [["--tokens", "words"], ["--layers"], ["--nonsense"], ["verify", "a", "b"]])
    func oneLine(arguments: [String]) throws {
        let outcome = try ProcessRunner.rnntrain(arguments)
        #expect(outcome.status == 64 && outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    @Test("Values out of range end with status 64")
    func ranges() throws {
        try expectFault(
            ["--seed", "-1"], status: 64, says: "--seed is -1; it must be a whole number from 0 to 9223372036854775807.")
        try expectFault(["--precision", "fp16"], status: 64, says: "--precision is fp16; it must be one of \"fp32\", \"bf16\".")
        try expectFault(["--shards", "64"], status: 64, says: "--shards is 64, but --batch-size is 32: ")
        try expectFault(["generate", "--checkpoint", "x", "--top-p", "2"], status: 64, says: "--top-p is 2; ")
        try expectFault(["benchmark", "--steps", "0"], status: 64, says: "--steps is 0; ")
    }

    @Test("Errors in a TOML file contain file, line and key")
    func tomlFaults() throws {
        let scratch = try ScratchFolder()
        let fault = { (text: String, message: String) in
            try scratch.write(text, to: "a.toml")
            try expectFault(["--config", "a.toml"], in: scratch.folder, status: 64, says: message)
        }
        try fault("seed = 1\n\nhiden-size = 3\n", "a.toml:3:1: unknown key 'hiden-size'. Did you mean 'hidden-size'?")
        try fault(
            "seed = 1\nlayers = \"two\"", "a.toml:2:1: layers is the string \"two\"; it must be a whole number from 1 to 1000.")
        try fault("layers = = 3", "a.toml:1:10: not valid TOML: ")
    }

    @Test("Missing files end with status 66 and their option, before any work")
    func missingFiles() throws {
        let scratch = try ScratchFolder()
        let there = try scratch.write("text", to: "there.txt")
        try expectFault(
            ["--train", "gone.txt", "--valid", there, "--run", "r"], in: scratch.folder, status: 66,
            says: "gone.txt: no such file. Check the path given with --train; ")
        try expectFault(
            ["--train", there, "--valid", there, "--test", ".", "--run", "r"], in: scratch.folder, status: 66,
            says: ".: this is a folder, but --test needs a file. ")
        try expectFault(["--config", "gone.toml"], status: 66, says: "gone.toml: cannot read the configuration: ")
        try expectFault(
            ["--resume", "--run", "gone"], status: 66,
            says: "gone: no run to resume: the folder has neither config.toml nor a checkpoint. ")
        try expectFault(["evaluate", "--checkpoint", there, "--data", "gone"], status: 66, says: "gone: no such file. ")
        try expectFault(["generate", "--checkpoint", "gone"], status: 66, says: "gone: no such file. ")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("r")))
    }

    @Test("A resume requires the folder of a run")
    func resumeWithoutRun() throws {
        try expectFault(["--resume"], status: 64, says: "--run is not set: name the folder of the run to resume.")
    }
}
