import ArgumentParser
import Failures
import Foundation

/// The whole of a process, from the command line to the exit status.
enum Program {
    /// Reads the command line, runs the command, and returns the exit status that belongs to the outcome.
    static func run() -> Int32 {
        // A limit on file sizes fails the write that meets it, instead of ending the process without a word.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = joined(CommandLine.arguments.dropFirst())
        var speakers = Speakers(arguments)
        do {
            var command = try RootCommand.parseAsRoot(arguments)
            speakers = Speakers(command)
            try command.run()
        } catch {
            return ProcessEnding(error, speakers: speakers).end()
        }
        return ExitStatus.done.rawValue
    }

    /// The arguments with negative numbers joined to their options: the parser takes `-1` for an option of its own.
    private static func joined(_ arguments: some Sequence<String>) -> [String] {
        arguments.reduce(into: []) { joined, argument in
            let isNegative = argument.hasPrefix("-") && Double(argument) != nil
            if isNegative, let option = joined.last, option.hasPrefix("--"), option != "--", !option.contains("=") {
                joined[joined.count - 1] += "=" + argument
            } else {
                joined.append(argument)
            }
        }
    }
}
