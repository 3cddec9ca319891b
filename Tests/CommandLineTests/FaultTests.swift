import Foundation
import TestSupport
import Testing

@Suite("Faults on the command line and in configuration files")
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
        try expectFault(["--hiden-size", "3"], status: 64, says: "Unknown option '--hiden-size'. Did you mean '--hidden-size'?")
        try expectFault(["--layers", "two"], status: 64, says: "layers is two; it must be a whole number from 1 to 1000.")
        try expectFault(
            ["--cell", "ltsm"], status: 64,
            says: "The value 'ltsm' is invalid for '--cell <cell>'. Please provide one of 'elman', 'gru' or 'lstm'.")
        try expectFault(["--layers"], status: 64, says: "Missing value for '--layers <n>'")
        try expectFault(["evaluate", "--data", "x"], status: 64, says: "Missing expected argument '--checkpoint <path>'")
        try expectFault(["trian"], status: 64, says: "Unexpected argument 'trian'")
    }

    @Test("Values out of range end with status 64")
    func ranges() throws {
        try expectFault(
            ["--seed", "-1"], status: 64, says: "seed is -1; it must be a whole number from 0 to 9223372036854775807.")
        try expectFault(["--precision", "fp16"], status: 64, says: "The value 'fp16' is invalid for '--precision <precision>'.")
        try expectFault(["--shards", "64"], status: 64, says: "batch-size 32 and shards 64 do not go together: ")
        try expectFault(["generate", "--checkpoint", "x", "--top-p", "2"], status: 64, says: "--top-p is 2; ")
        try expectFault(["benchmark", "--steps", "0"], status: 64, says: "--steps is 0; ")
    }

    @Test("Faults in a TOML file are named with file, line and key")
    func tomlFaults() throws {
        let scratch = try ScratchFolder()
        let fault = { (text: String, message: String) in
            try scratch.write(text, to: "a.toml")
            try expectFault(["--config", "a.toml"], in: scratch.folder, status: 64, says: message)
        }
        try fault("seed = 1\n\nhiden-size = 3\n", "a.toml:3:1: unknown key 'hiden-size'. Did you mean 'hidden-size'?")
        try fault(
            "seed = 1\nlayers = \"two\"", "a.toml:2:1: layers must be a whole number from 1 to 1000, and is the text \"two\".")
        try fault("layers = = 3", "a.toml:1:10: not valid TOML: ")
    }

    @Test("Files that are missing end with status 66, under their option and before any work")
    func missingFiles() throws {
        let scratch = try ScratchFolder()
        let there = try scratch.write("text", to: "there.txt")
        try expectFault(
            ["--train", "gone.txt", "--valid", there, "--run", "r"], in: scratch.folder, status: 66,
            says: "gone.txt: there is no such file. Check the path given with --train; ")
        try expectFault(
            ["--train", there, "--valid", there, "--test", ".", "--run", "r"], in: scratch.folder, status: 66,
            says: ".: this is a folder, and --test needs a file. ")
        try expectFault(["--config", "gone.toml"], status: 66, says: "gone.toml: cannot read the configuration: ")
        try expectFault(
            ["--resume", "--run", "gone"], status: 66, says: "gone: there is no run to resume: no config.toml is in the folder. ")
        try expectFault(["evaluate", "--checkpoint", there, "--data", "gone"], status: 66, says: "gone: there is no such file. ")
        try expectFault(["generate", "--checkpoint", "gone"], status: 66, says: "gone: there is no such file. ")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("r")))
    }

    @Test("A run to resume must be named")
    func resumeWithoutRun() throws {
        try expectFault(["--resume"], status: 64, says: "run is not set: name with --run the folder of the run to resume.")
    }
}
