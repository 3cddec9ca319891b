import Foundation
import TestSupport
import Testing

/// The numeric options of all commands but `train`. They come from the parser's own list, so that an option added later is tested, too.
@Suite("Numeric options of the commands")
struct CommandRangeTests {
    /// Arguments of a command, with which it succeeds.
    private static let bases = [
        "benchmark": ["--hidden", "8", "--vocabulary", "11", "--batch-size", "6", "--window", "5"],
        "compare": ["word", "word", "--data", "valid.txt"],
        "error-surface": [],
        "evaluate": ["--checkpoint", "word", "--data", "valid.txt"],
        "generate": ["--checkpoint", "word"],
        "inspect": ["--checkpoint", "word", "--data", "valid.txt"],
        "ngram": ["--train", "train.txt", "--arpa", "range-out.arpa"],
        "probe": ["--checkpoint", "word", "--format", "templates", "--pairs", "range.templates"],
        "rescore": ["--checkpoint", "word", "--format", "kaldi", "--nbest", "range.nbest", "--scores", "range.scores"],
        "score": ["--checkpoint", "word", "--data", "valid.txt"],
    ]

    /// Further arguments with which an option has an effect, or the command is fast.
    private static let conditions = [
        "benchmark --cutoffs": ["--output", "adaptive", "--steps", "3"], "benchmark --megabytes": ["--exchange-only"],
        "benchmark": ["--steps", "3"], "error-surface": ["--updates", "2"], "error-surface --updates": ["--steps", "3"],
        "evaluate --weight": ["--interpolate", "range.arpa"], "score --weight": ["--interpolate", "range.arpa"],
        "evaluate --dynamic-rate": ["--dynamic"], "evaluate --dynamic-decay": ["--dynamic"],
        "evaluate --dynamic-window": ["--dynamic"], "evaluate --dynamic-epsilon": ["--dynamic", "--dynamic-rms", "valid.txt"],
        "evaluate --cache-size": ["--cache"], "evaluate --cache-theta": ["--cache"], "evaluate --cache-lambda": ["--cache"],
        "generate": ["--length", "3"], "generate --length": [], "generate --length-penalty": ["--length", "3", "--beam", "2"],
    ]

    /// The ends of ranges with which a command works for a minute or for hours.
    private static let long = [
        "generate --length 1000000000", "generate --samples 1000000000", "benchmark --steps 1000000", "probe --repetitions 1000",
    ]

    /// The ends of ranges that the other arguments, or this machine, do not allow, with the status and a part of the message.
    private static let refusedEnds: [String: (Int32, String)] = [
        "benchmark --cutoffs": (64, "--cutoffs"), "benchmark --shards": (64, "--shards is 10000000, but --batch-size is 6"),
        "benchmark --megabytes": (70, "too little memory"), "benchmark --batch-size": (70, "too little memory"),
        "benchmark --window": (70, "too little memory"), "benchmark --hidden": (70, "too little memory"),
        "benchmark --vocabulary": (70, "too little memory"), "ngram --prune": (64, "error: --prune: the first value"),
        "rescore --beam-size": (65, "no multiple of the beam size 1000000000"),
    ]

    /// The ends of the types of options, values that are not numbers, and values beyond double precision.
    private static let values = [
        "nan", "inf", "-1", "9223372036854775807", "-9223372036854775808", "1.7976931348623157e308", "5e-324", "1e400",
        String(repeating: "9", count: 10_000),
    ]

    /// The parser's list of commands and options.
    private struct Dump: Decodable {
        struct Name: Decodable { let name: String }

        struct Option: Decodable {
            let names: [Name]?
            let kind: String
            let valueName: String?
            let completionKind: [String: Ignored]?

            /// Whether the value is neither one of a list, a file, nor a text.
            var isNumeric: Bool {
                kind == "option" && completionKind == nil
                    && !["text", "layer:unit", "key=value"].contains(valueName ?? "")
            }
        }

        struct Ignored: Decodable { init(from decoder: any Decoder) {} }

        struct Command: Decodable {
            let commandName: String
            let arguments: [Option]?
            let subcommands: [Command]?
        }

        let command: Command
    }

    /// The numeric options of each command, with their dashes.
    private func options() throws -> [String: [String]] {
        let list = try ProcessRunner.rnntrain(["--experimental-dump-help"])
        let commands = try JSONDecoder().decode(Dump.self, from: Data(list.output.utf8)).command.subcommands ?? []
        let options = commands.map { command in
            let numeric = (command.arguments ?? []).filter(\.isNumeric)
            return (command.commandName, numeric.compactMap { $0.names?.first.map { "--" + $0.name } })
        }
        return Dictionary(uniqueKeysWithValues: options.filter { !$0.1.isEmpty && $0.0 != "train" })
    }

    private func run(_ command: String, _ option: String, _ value: String) throws -> ProgramRun {
        var arguments = Self.bases[command] ?? []
        if let place = arguments.firstIndex(of: option) { arguments.removeSubrange(place...place + 1) }
        if option == "--beam-size" {
            arguments = ["--checkpoint", "word", "--format", "nemo", "--nbest", "range.nemo"]
        }
        arguments += Self.conditions["\(command) \(option)"] ?? Self.conditions[command] ?? []
        // The last value of an option counts.
        return try ProcessRunner.rnntrain([command] + arguments + ["\(option)=\(value)"], in: try SmallModels.folder)
    }

    private func prepare() throws {
        try SmallModels.write("range.templates", "the (cat) [on {mat}]* sat/on\n")
        try SmallModels.write("range.nbest", "u-1 the cat\nu-2 the mat\n")
        try SmallModels.write("range.scores", "u-1 1\nu-2 2\n")
        try SmallModels.write("range.nemo", "the cat\t-1\nthe mat\t-2\n")
        let made = try SmallModels.shell("$R ngram --train train.txt --vocabulary word --order 2 --arpa range.arpa")
        try #require(made.status == 0, "\(made)")
    }

    @Test("The table has every command with numeric options")
    func commands() throws { #expect(try Set(options().keys) == Set(Self.bases.keys)) }

    @Test(
        "An extreme value of an option is refused with its range, or used, and so are the ends of the range",
        arguments: bases.keys.sorted())
    func extremes(command: String) throws {
        try prepare()
        let options = try options()[command] ?? []
        #expect(!options.isEmpty)
        for option in options {
            let outcomes = try Self.values.map { value in try (value, run(command, option, value)) }
            for (value, outcome) in outcomes { expectRefusedOrSound(outcome, option, value) }
            let range = outcomes[0].1.errors
            let ends = range.matches(of: /(?:from|to) (-?[0-9][0-9.e-]*[0-9]|-?[0-9])/).map { String($0.1) }
            #expect(ends.count >= 2, "\(option): \(range)")
            for end in ends where !Self.long.contains("\(command) \(option) \(end)") {
                expectUsed(try run(command, option, end), "\(command) \(option)", end)
            }
        }
    }

    private func expectRefusedOrSound(_ outcome: ProgramRun, _ option: String, _ value: String) {
        if outcome.status == 0 {
            #expect(outcome.output.firstMatch(of: /\bnan\b/) == nil, "\(outcome)")
        } else {
            let expected = "error: \(option) is \(value.prefix(40))"
            #expect(outcome.status == 64 && outcome.errors.contains(expected), "\(option) \(value.prefix(40)): \(outcome)")
            #expect(outcome.errors.contains("; it must be ") && outcome.errors.utf8.count < 400, "\(outcome)")
        }
    }

    private func expectUsed(_ outcome: ProgramRun, _ option: String, _ end: String) {
        let isUsed = outcome.status == 0 && outcome.output.firstMatch(of: /\bnan\b/) == nil
        let isExpected = Self.refusedEnds[option].map { outcome.status == $0.0 && outcome.errors.contains($0.1) } ?? false
        #expect(isUsed || isExpected, "\(option) \(end): \(outcome)")
    }
}
