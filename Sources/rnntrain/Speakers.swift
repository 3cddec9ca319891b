import ArgumentParser

/// The processes of a job that print messages.
enum Speakers {
    /// Rank 0 only: the command starts MPI.
    case rankZero
    /// Every process: the command needs no ranks.
    case everyProcess

    init(_ command: any ParsableCommand) {
        self = (command as? any LocalCommand)?.startsNoMPI == true ? .everyProcess : .rankZero
    }

    /// For a command line that may be invalid. The subcommand decides.
    init(_ arguments: [[UInt8]]) {
        let alone: [any ParsableCommand.Type] = [
            EvaluateCommand.self, ScoreCommand.self, CompareCommand.self, ProbeCommand.self, RescoreCommand.self,
            GenerateCommand.self, VerifyCommand.self, NgramCommand.self, InspectCommand.self, ReportCommand.self,
            ClassifyCommand.self,
        ]
        let isAlone = alone.contains { $0.configuration.commandName.map { Array($0.utf8) } == arguments.first }
        self = isAlone ? .everyProcess : .rankZero
    }
}

/// A command that may work without MPI.
protocol LocalCommand: ParsableCommand {
    /// Whether it starts no MPI.
    var startsNoMPI: Bool { get }
}

extension EvaluateCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension ScoreCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension ClassifyCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension CompareCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension ProbeCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension RescoreCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension GenerateCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension NgramCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension VerifyCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension InspectCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension ReportCommand: LocalCommand {
    var startsNoMPI: Bool { true }
}

extension TrainCommand: LocalCommand {
    var startsNoMPI: Bool { source.printConfig }
}

extension BenchmarkCommand: LocalCommand {
    var startsNoMPI: Bool { options.generate }
}
