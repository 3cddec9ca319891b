import ArgumentParser

/// A command line in the help of a command, with what it does.
struct HelpExample {
    let purpose: String
    let command: String

    init(_ purpose: String, _ command: String) { (self.purpose, self.command) = (purpose, command) }
}

/// A command whose help ends in examples. Every command is one.
///
/// Tests run the examples in the order of the commands: an example may use runs and files of examples before it.
protocol ExampledCommand: ParsableCommand {
    static var examples: [HelpExample] { get }
}

/// The last section of a help text, which the parser cannot print.
enum HelpExamples {
    static let heading = "EXAMPLES:"

    private static let commands: [any ParsableCommand.Type] = [RootCommand.self] + RootCommand.configuration.subcommands

    /// The help of a command with its examples; any other text as it is.
    static func appended(to text: String) -> String {
        guard let command = commands.first(where: { isHelp(text, of: $0) }) as? any ExampledCommand.Type else { return text }
        let examples = command.examples.map { "  \($0.purpose):\n    \($0.command)" }
        return text.trimmingSuffix(while: \.isNewline) + "\n\n\(heading)\n" + examples.joined(separator: "\n") + "\n"
    }

    private static func isHelp(_ text: String, of command: any ParsableCommand.Type) -> Bool {
        let help = command == RootCommand.self ? RootCommand.helpMessage() : RootCommand.helpMessage(for: command)
        return text == help
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        self[..<(lastIndex { !isTrimmed($0) }.map(index(after:)) ?? startIndex)]
    }
}
