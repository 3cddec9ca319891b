import ArgumentParser
import Foundation

/// The options of a command, from the parser's own list. Making the list takes milliseconds, so only unusual command lines need it.
struct CommandOptions {
    /// An option, or a positional argument, which has no name.
    struct Option: Decodable {
        private struct Name: Decodable {
            let kind: String
            let name: String
        }

        private struct Completion: Decodable {
            private struct Folder: Decodable {}

            private let file: [String: [String]]?
            private let directory: Folder?
            var isOfFile: Bool { file != nil }
            var isOfPath: Bool { file != nil || directory != nil }
        }

        private let names: [Name]?
        private let kind: String
        private let completionKind: Completion?
        /// Whether all values count, and not the last one alone.
        let isRepeating: Bool

        /// The long names, without dashes.
        var longNames: [String] { (names ?? []).filter { $0.kind == "long" }.map(\.name) }
        var takesValue: Bool { kind == "option" }
        /// Whether the value is the name of a file.
        var namesFile: Bool { completionKind?.isOfFile ?? false }
        /// Whether the value, or a positional argument, is the name of a file or a folder.
        var namesPath: Bool { completionKind?.isOfPath ?? false }
        var isPositional: Bool { kind == "positional" }
    }

    private struct Dump: Decodable {
        struct Command: Decodable { let arguments: [Option]? }

        let command: Command
    }

    private let options: [Option]

    init(of command: any ParsableCommand.Type) {
        let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
        options = dump?.command.arguments ?? []
    }

    /// The options of the command of a command line.
    init(for arguments: [String]) { self.init(of: CommandNames.command(of: arguments)) }

    /// The long names of all options, without dashes.
    var names: [String] { options.flatMap(\.longNames) }

    /// Whether positional arguments are names of files or folders.
    var takesPaths: Bool { options.contains { $0.isPositional && $0.namesPath } }

    /// The option with this long name, without dashes.
    func option(named name: some StringProtocol) -> Option? { options.first { $0.longNames.contains { $0 == name } } }
}
