import ArgumentParser

/// The processes of a job that print messages.
enum Speakers {
    /// Rank 0 only: the command starts MPI.
    case rankZero
    /// Every process: the command needs no ranks.
    case everyProcess

    init(_ command: any ParsableCommand) {
        let startsNoMPI =
            (command as? any RankedCommand)?.startsNoMPI ?? Self.commandsWithoutMPI.contains { $0 == type(of: command) }
        self = startsNoMPI ? .everyProcess : .rankZero
    }

    /// For a command line that may be invalid. The subcommand decides.
    init(_ arguments: [[UInt8]]) {
        let isAlone = Self.commandsWithoutMPI.contains {
            $0.configuration.commandName.map { Array($0.utf8) } == arguments.first
        }
        self = isAlone ? .everyProcess : .rankZero
    }

    /// The subcommands that start MPI with none of their options: all but those of `RankedCommand`.
    private static var commandsWithoutMPI: [any ParsableCommand.Type] {
        RootCommand.configuration.subcommands.filter { !($0 is any RankedCommand.Type) }
    }
}

/// A command that starts MPI with most options.
protocol RankedCommand: ParsableCommand {
    /// Whether it starts no MPI with the given options.
    var startsNoMPI: Bool { get }
}

extension TrainCommand: RankedCommand {
    var startsNoMPI: Bool { source.printConfig }
}

extension BenchmarkCommand: RankedCommand {
    var startsNoMPI: Bool { options.generate }
}
