import ArgumentParser

/// The program: one subcommand for each kind of work.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rnntrain",
        abstract: "Trains recurrent neural language models on CPUs, data-parallel over MPI ranks.",
        usage: """
            mpirun -n 8 rnntrain --text input.txt --run runs/first
            mpirun -n 8 rnntrain --train train.txt --valid valid.txt --run runs/first
            mpirun -n 4 rnntrain --run runs/first --resume
            rnntrain <subcommand> --help
            """,
        discussion: """
            Without a subcommand it trains: 'rnntrain train --help' lists the options. Without any argument it reads \
            rnntrain.toml, or trains a small model on a built-in source whose optimum is known.
            """,
        version: rnntrainVersion,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, GenerateCommand.self, VerifyCommand.self, BenchmarkCommand.self,
        ],
        defaultSubcommand: TrainCommand.self)
}
