import ArgumentParser
import Failures

/// Options with a wrong dash: `-checkpoint`, which the parser reads as the short options -c, -h and so on; `---checkpoint`; and a dash that
/// a text program has put in place of two hyphens.
enum OptionSpelling {
    /// The hyphen, and characters that look like it.
    static let dashes: Set<Character> = [
        "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "\u{2212}",
    ]

    /// Throws for the first of these options.
    ///
    /// - Parameter arguments: the command line, in which values that begin with a hyphen are joined to their options.
    static func check(_ arguments: [String]) throws(MistypedOptionError) {
        for (place, argument) in arguments.prefix(while: { $0 != "--" }).enumerated() {
            guard let name = name(argument) else { continue }
            // A value may begin with such a dash.
            let isCertain = argument.hasPrefix("-") && !argument.hasPrefix("--") || place == 0
            if isCertain || CommandOptions(for: arguments).option(named: name) != nil {
                throw MistypedOptionError(
                    message: CommandLineMessage.unknown(argument.prefix { $0 != "=" }, CommandNames.command(of: arguments)))
            }
        }
    }

    /// The name of an option with a wrong dash; nil for any other argument, also for a short option such as `-h`.
    private static func name(_ argument: String) -> Substring? {
        let start = argument.prefix { dashes.contains($0) }
        let name = argument.dropFirst(start.count).prefix { $0 != "=" }
        guard !start.isEmpty, start != "--", name.first?.isLetter == true, start != "-" || name.count > 1 else { return nil }
        return name
    }

    /// Whether an argument that begins with a single hyphen can be the value of the option before it, which may be a flag, and is not itself
    /// an option with a wrong dash.
    static func mayBeValue(_ text: String, of option: String, _ arguments: [String]) -> Bool {
        guard let name = name(text) else { return true }
        let options = CommandOptions(for: arguments)
        return options.option(named: name) == nil && options.option(named: option.dropFirst(2))?.takesValue ?? true
    }
}

/// An option with a wrong dash.
struct MistypedOptionError: UserFacingError {
    let message: String

    var exitStatus: ExitStatus { .usage }
    var description: String { message }
}
