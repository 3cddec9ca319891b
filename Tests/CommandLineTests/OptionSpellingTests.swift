import Foundation
import TestSupport
import Testing

@Suite("Options that are mistyped, given twice, or without a meaning")
struct OptionSpellingTests {
    private func rnntrain(_ arguments: [String]) throws -> ProgramRun { try ProcessRunner.rnntrain(arguments) }

    @Test(
        "An option with a wrong dash ends with status 64 and its right spelling",
        arguments: [
            (["evaluate", "-checkpoint", "run"], "--checkpoint"), (["classify", "--json", "-chekpoint", "run"], "--checkpoint"),
            (["-hidden-size", "8"], "--hidden-size"), (["train", "-shards=4"], "--shards"), (["-help"], "--help"),
            (["--run", "a", "--resume", "-epochs", "3"], "--epochs"), (["--seed", "-epochs", "3"], "--epochs"),
            (["\u{2013}text", "a"], "--text"), (["evaluate", "\u{2014}data=a"], "--data"),
            (["verify", "a", "---json"], "--json"),
        ])
    func dashes(arguments: [String], option: String) throws {
        let outcome = try rnntrain(arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("unknown option") && outcome.errors.contains("Did you mean '\(option)'?"), "\(outcome)")
    }

    @Test("A value may begin with a dash; -h is the help; -n and -np belong to the launcher")
    func values() throws {
        for arguments in [["generate", "--checkpoint", "none", "--stop", "- x"], ["--run", "-folder", "--print-config"]] {
            #expect(!(try rnntrain(arguments)).errors.contains("unknown option"), "\(arguments)")
        }
        #expect(try rnntrain(["error-surface", "--start-b", "-2.5", "--updates", "1"]).status == 0)
        #expect(try rnntrain(["evaluate", "-h"]).status == 0)
        #expect(try rnntrain(["-np", "4"]).errors.contains("mpirun -n RANKS"))
    }

    @Test(
        "A value may begin with a scalar that joins the equals sign",
        arguments: ["\u{200D}", "\u{301}a", "\u{200D}=", "\u{1F3FB}"])
    func joiningValues(value: String) throws {
        let stopped = try rnntrain(["generate", "--checkpoint", "none", "--stop=" + value, "--stop", "b"])
        #expect(stopped.status == 66 && !stopped.errors.contains("unknown option"), "\(stopped)")
        let printed = try rnntrain(["--hidden-size=8", "--run=" + value, "--print-config"])
        #expect(printed.status == 0 && printed.output.contains("run = \"\(value)\""), "\(printed)")
    }

    @Test("Numbers are decimal in every command")
    func numbers() throws {
        let commands = [
            ["--learning-rate"], ["--time-limit"], ["generate", "--checkpoint", "none", "--temperature"],
            ["error-surface", "--clip"],
            ["error-surface", "--start-w"], ["--hidden-size"], ["inspect", "--checkpoint", "a", "--data", "b", "--lags"],
        ]
        for command in commands {
            for number in ["0x10", "0x1p3", "1_0", " 5", "\u{665}", "\u{FF15}", "five", "nan", "1e"] {
                let outcome = try rnntrain(command + [number])
                #expect(outcome.status == 64 && outcome.errors.contains("it must be"), "\(command) \(number): \(outcome)")
            }
        }
    }

    @Test("An option that is given twice with different values is reported, with the value that is used")
    func givenTwice() throws {
        let twice = try rnntrain(["--epochs", "2", "--epochs=3", "--print-config"])
        #expect(twice.status == 0 && twice.output.contains("epochs = 3"), "\(twice)")
        #expect(twice.errors == "rnntrain: warning: --epochs is given twice: the last value, 3, is used.\n")
        let flags = try rnntrain(["--tie-weights", "--no-tie-weights", "--print-config"])
        #expect(
            flags.errors.contains("--no-tie-weights and --tie-weights are both given: --no-tie-weights, the last one, is used."))
        let same = try rnntrain(["--epochs", "2", "--epochs", "2", "--tensorboard", "--tensorboard", "--print-config"])
        #expect(same.status == 0 && same.errors.isEmpty, "\(same)")
        let repeated = try rnntrain(["generate", "--checkpoint", "none", "--stop", "a", "--stop", "b"])
        #expect(repeated.status == 66 && !repeated.errors.contains("twice"), "\(repeated)")
    }

    @Test(
        "An option of a command that has no effect with another one, or without it, is warned of",
        arguments: [
            (["generate", "--greedy", "--top-k", "5", "--checkpoint", "none"], "--top-k has no effect with --greedy."),
            (
                ["generate", "--temperature", "0", "--seed", "5", "--checkpoint", "none"],
                "--seed has no effect with --temperature 0."
            ),
            (["generate", "--beam", "2", "--top-p=0.5", "--checkpoint", "none"], "--top-p has no effect with --beam."),
            (["error-surface", "--updates", "1", "--force"], "--force has no effect without --html."),
            (["--print-config", "--dry-run"], "--dry-run has no effect with --print-config."),
        ])
    func idle(arguments: [String], warning: String) throws {
        let outcome = try rnntrain(arguments)
        #expect(outcome.errors.hasPrefix("rnntrain: warning: \(warning)\n"), "\(outcome)")
        #expect(outcome.errors.components(separatedBy: "warning:").count == 2, "\(outcome)")
    }

    @Test(
        "Two options that read the standard input are refused, and named",
        arguments: [
            (["rescore", "--format", "kaldi", "--checkpoint", "a", "--nbest", "-", "--scores=-"], "--nbest and --scores both"),
            (["probe", "--checkpoint", "a", "--format", "gold", "--pairs", "-", "--text", "-"], "--pairs and --text both"),
            (["score", "--checkpoint", "a", "--interpolate", "a", "--tune", "-", "--data", "-"], "--tune and --data both"),
        ])
    func standardInput(arguments: [String], words: String) throws {
        let outcome = try rnntrain(arguments)
        #expect(outcome.status == 64 && outcome.errors.contains("\(words) read the standard input"), "\(outcome)")
    }

    @Test("A text that is a dash is no standard input")
    func dashAsText() throws {
        let arguments = [
            "generate", "--checkpoint", "none", "--prompt", "-", "--samples", "2", "--stop", "-", "--separator", "-",
        ]
        #expect(try rnntrain(arguments).status == 66)
    }
}
