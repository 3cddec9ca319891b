import ArgumentParser
import Failures
import Files
import Files
import Foundation

/// The whole of a process, from the command line to the exit status.
enum Program {
    /// Reads the command line, runs the command, and returns the exit status that belongs to the outcome.
    static func run() -> Int32 {
        // A limit on file sizes fails the write that meets it, instead of ending the process without a word.
        signal(SIGXFSZ, SIG_IGN)
        let bytes = CommandLineArguments.bytes
        var speakers = Speakers(bytes)
        do {
            let arguments = try CommandLineArguments.texts(bytes)
            try ArgumentCheck.run(arguments)
            var command = try RootCommand.parseAsRoot(arguments)
            speakers = Speakers(command)
            try EnvironmentCheck.run()
            try command.run()
            try StandardOutput.close()
        } catch {
            return ProcessEnding(error, speakers: speakers).end()
        }
        return ExitStatus.done.rawValue
    }
}
