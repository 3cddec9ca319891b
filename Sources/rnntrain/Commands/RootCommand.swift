import ArgumentParser

/// The program, with its commands.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rnntrain",
        abstract: "Train recurrent neural language models on CPUs, data-parallel over MPI ranks.",
        usage: """
            mpirun -n 8 rnntrain --text input.txt --run runs/first
            mpirun -n 8 rnntrain --train train.txt --valid valid.txt --run runs/first
            mpirun -n 4 rnntrain --run runs/first --resume
            rnntrain <subcommand> --help
            """,
        discussion: """
            The default command is train; 'rnntrain train --help' lists its options. Without any argument, rnntrain reads \
            rnntrain.toml. If this file does not exist, it trains a small model on a built-in source whose optimal perplexity is known.
            """,
        version: rnntrainVersion,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, ScoreCommand.self, ClassifyCommand.self, CompareCommand.self,
            ProbeCommand.self, RescoreCommand.self, GenerateCommand.self, NgramCommand.self, VerifyCommand.self,
            InspectCommand.self, ErrorSurfaceCommand.self, ReportCommand.self, BenchmarkCommand.self,
        ],
        defaultSubcommand: TrainCommand.self)
}
