import Failures

/// What is looked at before the arguments are parsed.
enum ArgumentCheck {
    /// No option's name is longer. The parser compares an unknown one with all there are, which takes long for a long one.
    private static let longestName = 100

    /// Throws for an argument that is no option, long as it is.
    static func run(_ arguments: [String]) throws(LongOptionError) {
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
            let name = argument.utf8.prefix { $0 != UInt8(ascii: "=") }
            if name.count > longestName { throw LongOptionError(option: argument) }
        }
    }
}

/// An option with a name longer than any.
struct LongOptionError: UserFacingError {
    let option: String

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "Unknown option '\(value: option)'. 'rnntrain --help' and 'rnntrain train --help' list the options."
    }
}
