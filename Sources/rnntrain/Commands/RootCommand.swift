import ArgumentParser
import Digests

/// The program, with its commands.
struct RootCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "rnntrain",
        abstract: "Train recurrent neural language models on CPUs, data-parallel over MPI ranks.",
        usage: """
            mpirun -n <ranks> rnntrain [train] [<options>]
            rnntrain <subcommand> [<options>]
            rnntrain <subcommand> --help
            """,
        discussion: """
            The default command is train; 'rnntrain train --help' lists its options. Without any argument, rnntrain reads \
            rnntrain.toml. If this file does not exist, it trains a small model on a built-in source whose optimal perplexity is known.
            """,
        version: ([rnntrainVersion] + (ProgramBuild.identity.map { ["build \($0)"] } ?? [])).joined(separator: ", "),
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, ScoreCommand.self, ClassifyCommand.self, CompareCommand.self,
            ProbeCommand.self, RescoreCommand.self, GenerateCommand.self, NgramCommand.self, VerifyCommand.self,
            InspectCommand.self, ErrorSurfaceCommand.self, ReportCommand.self, BenchmarkCommand.self,
        ],
        defaultSubcommand: TrainCommand.self)

    static let examples = [
        HelpExample(
            "Train a model; 90, 5 and 5 % of the lines train, validate and test",
            "mpirun -n 2 rnntrain --text input.txt --run runs/first"),
        HelpExample(
            "Train it for two more epochs",
            "mpirun -n 2 rnntrain --run runs/first --resume --epochs 12"),
        HelpExample(
            "Evaluate it on another text",
            "rnntrain evaluate --checkpoint runs/first --data test.txt"),
        HelpExample(
            "Generate text",
            "rnntrain generate --checkpoint runs/first --prompt \"the\" --length 20"),
    ]
}
