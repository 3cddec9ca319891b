import ArgumentParser
import Configuration
import Failures

/// The message for a command line that the parser rejects.
enum CommandLineMessage {
    /// One line that begins in lower case and names the help of the command.
    ///
    /// - Parameters:
    ///   - message: the parser's message.
    ///   - arguments: the command line, without the program's name.
    static func line(_ message: String, _ arguments: [String]) -> String {
        let command = CommandNames.command(of: arguments)
        if let option = unknownOption(message) ?? mistypedOption(message, arguments, command) {
            return unknown(option, command)
        }
        let text = onOneLine(message)
        return text.prefix(1).lowercased() + text.dropFirst() + (text.hasSuffix(".") ? " " : ". ")
            + (valueAdvice(message, arguments) ?? "See '\(help(command))'.")
    }

    /// The message with the items of its list, which begin with `  - `, separated by commas.
    private static func onOneLine(_ message: String) -> String {
        let lines = message.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }.filter { !$0.isEmpty }
        let sentences = lines.filter { $0[0] != "-" }.map { $0.joined(separator: " ") }
        let items = lines.filter { $0[0] == "-" }.map { $0.dropFirst().joined(separator: " ") }
        return (sentences + (items.isEmpty ? [] : [items.joined(separator: ", ")])).joined(separator: " ")
    }

    /// The option that the parser does not know; nil if it found another fault.
    private static func unknownOption(_ message: String) -> Substring? {
        let start = "Unknown option '"
        guard message.hasPrefix(start) else { return nil }
        return message.dropFirst(start.count).prefix { $0 != "'" }
    }

    /// The first option that the command does not have, if the parser misses an argument: it may be the mistyped one.
    private static func mistypedOption(
        _ message: String, _ arguments: [String], _ command: any ParsableCommand.Type
    ) -> Substring? {
        guard message.hasPrefix("Missing expected argument") else { return nil }
        let known = Set(CommandOptions(of: command).names)
        let options = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != "=" } }
        return known.isEmpty ? nil : options.first { !known.contains(String($0.dropFirst(2))) }
    }

    /// The message for an option that the command does not have, with the nearest one that it has.
    static func unknown(_ option: some StringProtocol, _ command: any ParsableCommand.Type) -> String {
        if ["-n", "-np"].contains(String(option)) {
            return "unknown option '\(option)'. It belongs to the launcher: mpirun -n RANKS, or launch/train -n RANKS."
        }
        let name = option.drop { OptionSpelling.dashes.contains($0) }
        let nearest = name.count > 1 ? NearestName.of(String(name), among: CommandOptions(of: command).names) : nil
        return "unknown option '\(value: option)'. " + (nearest.map { "Did you mean '--\($0)'?" } ?? "See '\(help(command))'.")
    }

    /// How to write a value that looks like an option, if the parser misses the value before it; nil otherwise.
    private static func valueAdvice(_ message: String, _ arguments: [String]) -> String? {
        let start = "Missing value for '"
        guard message.hasPrefix(start) else { return nil }
        let option = String(message.dropFirst(start.count).prefix { $0 != " " && $0 != "'" })
        guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else { return nil }
        let value = Quotation.of(arguments[place + 1], longest: 60)
        return "If '\(value)' is the value, write \(option)=\(value)."
    }

    private static func help(_ command: any ParsableCommand.Type) -> String {
        "rnntrain \(command.configuration.commandName ?? "") --help"
    }
}

/// The commands of the program.
enum CommandNames {
    private static let commands = RootCommand.configuration.subcommands
    private static let names = commands.compactMap { $0.configuration.commandName }

    /// The command of a command line: the one that its first argument names, or `train`.
    static func command(of arguments: [String]) -> any ParsableCommand.Type {
        commands.first { $0.configuration.commandName == arguments.first } ?? TrainCommand.self
    }

    /// Throws if the first argument, or the second after `help`, is neither an option nor a command.
    static func check(_ arguments: [String]) throws(UnknownCommandError) {
        guard let word = arguments.first == "help" ? arguments.dropFirst().first : arguments.first else { return }
        if word.hasPrefix("-") || names.contains(word) || word == "help" { return }
        throw UnknownCommandError(word: word, nearest: NearestName.of(word, among: names), commands: names)
    }
}

/// A command line whose first word is not a command.
struct UnknownCommandError: UserFacingError {
    let word: String
    let nearest: String?
    let commands: [String]

    var exitStatus: ExitStatus { .usage }

    var description: String {
        let list = commands.dropLast().joined(separator: ", ") + " and " + (commands.last ?? "")
        return "unknown command '\(value: word)'. " + (nearest.map { "Did you mean '\($0)'? " } ?? "")
            + "The commands are \(list)."
    }
}
