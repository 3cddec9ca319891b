import ArgumentParser

/// Which processes of a job print what they have to say.
enum Speakers {
    /// Rank 0 for all: the command starts MPI.
    case rankZero
    /// Every process for itself: the command needs no ranks.
    case everyProcess

    init(_ command: any ParsableCommand) {
        self = (command as? any MaybeAlone)?.startsNoMPI == true ? .everyProcess : .rankZero
    }

    /// For a command line that may be wrong, by its subcommand.
    init(_ arguments: [[UInt8]]) {
        let alone: [any ParsableCommand.Type] = [EvaluateCommand.self, GenerateCommand.self, VerifyCommand.self]
        let isAlone = alone.contains { $0.configuration.commandName.map { Array($0.utf8) } == arguments.first }
        self = isAlone ? .everyProcess : .rankZero
    }
}

/// A command of which a process may do all the work by itself.
protocol MaybeAlone: ParsableCommand {
    /// Whether it starts no MPI.
    var startsNoMPI: Bool { get }
}

extension EvaluateCommand: MaybeAlone {
    var startsNoMPI: Bool { true }
}

extension GenerateCommand: MaybeAlone {
    var startsNoMPI: Bool { true }
}

extension VerifyCommand: MaybeAlone {
    var startsNoMPI: Bool { true }
}

extension TrainCommand: MaybeAlone {
    var startsNoMPI: Bool { source.printConfig }
}

extension BenchmarkCommand: MaybeAlone {
    var startsNoMPI: Bool { options.generate }
}
