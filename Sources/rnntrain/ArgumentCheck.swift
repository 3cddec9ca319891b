import Failures

/// Checks of the arguments before they are parsed.
enum ArgumentCheck {
    /// The maximum length of an option's name, in bytes. The parser compares an unknown option with all options, which takes long for a long name.
    private static let longestName = 100

    /// Throws for an unknown command, for an option with a wrong dash or a longer name than any option has, and if several options read the
    /// standard input.
    static func run(_ arguments: [String]) throws {
        try OptionSpelling.check(arguments)
        try CommandNames.check(arguments)
        try GivenOptions(arguments).requireOneStandardInput()
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
            let name = argument.utf8.prefix { $0 != UInt8(ascii: "=") }
            if name.count > longestName { throw LongOptionError(option: argument) }
        }
    }
}

/// An option with a name that is longer than any option's.
struct LongOptionError: UserFacingError {
    let option: String

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "unknown option '\(value: option)'. See 'rnntrain train --help'."
    }
}
