import ArgumentParser
import Communication
import Failures
import Files
import Foundation

/// A process, from the command line to the exit status.
enum Program {
    /// Parses the command line, runs the command, and returns the exit status.
    static func run() -> Int32 {
        // A write beyond the limit on file sizes fails, instead of ending the process without a message.
        signal(SIGXFSZ, SIG_IGN)
        let bytes = CommandLineArguments.bytes
        var speakers = Speakers(bytes)
        do {
            try StackCheck.run()
            let arguments = try CommandLineArguments.texts(bytes)
            try ArgumentCheck.run(arguments)
            var command = try RootCommand.parseAsRoot(arguments)
            speakers = Speakers(command)
            if ProcessRank.speaks, !CheckOnly.isAsked { GivenOptions(arguments).warnings(command).forEach(StandardError.warn) }
            if speakers == .everyProcess {
                StopSignals.release()
                // A benchmark measures each process.
                if ProcessRank.repeatsRankZero, !(command is BenchmarkCommand) { return ExitStatus.done.rawValue }
            }
            try EnvironmentCheck.run()
            try command.run()
            try StandardOutput.close()
        } catch {
            return ProcessEnding(error, speakers: speakers).end()
        }
        return ExitStatus.done.rawValue
    }
}
