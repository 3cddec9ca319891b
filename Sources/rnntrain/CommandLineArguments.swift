import Failures
import Foundation

/// The command line for the parser, from the bytes that the system passes.
///
/// `CommandLine.arguments` repairs invalid UTF-8, so that it would name other files than the user did.
enum CommandLineArguments {
    /// The arguments of this process, without its name.
    static var bytes: [[UInt8]] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { place in
            CommandLine.unsafeArgv[place].map { argument in
                Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
            }
        }
    }

    /// The arguments for messages.
    static var shown: [String] { bytes.map { RawByte.text(of: $0) } }

    /// The arguments as texts. A value that begins with a dash is joined to its option, because the parser would take it for an option.
    ///
    /// The value of `--prompt` may be any bytes, and is encoded for `Prompt`. The name of a file or a folder may be any bytes, too, and is written as
    /// `RawByte` does. Throws for any other argument that is not UTF-8.
    static func texts(_ arguments: [[UInt8]]) throws(ArgumentError) -> [String] {
        var texts: [String] = []
        var isPrompt = false
        for (place, bytes) in arguments.enumerated() {
            let option = texts.last
            if option == "--", !isPrompt {
                // The parser takes no argument after `--` for an option.
                for rest in arguments[place...] { texts.append(try text(rest, after: nil, texts)) }
                return texts
            }
            if isPrompt {
                texts[texts.count - 1] = Prompt.argument(bytes)
                isPrompt = false
            } else if bytes.starts(with: Prompt.assignment) {
                texts.append(Prompt.argument(Array(bytes.dropFirst(Prompt.assignment.count))))
            } else {
                let text = try text(bytes, after: option, texts)
                isPrompt = text == Prompt.option
                if isValue(text), let option, takesValue(option), OptionSpelling.mayBeValue(text, of: option, texts) {
                    texts[texts.count - 1] = "\(option)=\(text)"
                } else {
                    texts += parts(text)
                }
            }
        }
        return texts
    }

    /// The argument; the option and the value apart if the value begins with a scalar that joins the equals sign, such as a combining mark.
    ///
    /// The parser compares characters, and would not find the equals sign.
    private static func parts(_ text: String) -> [String] {
        let scalars = text.unicodeScalars
        guard text.hasPrefix("--"), let sign = scalars.firstIndex(of: "="), text.firstIndex(of: "=") != sign else {
            return [text]
        }
        return [String(scalars[..<sign]), String(scalars[scalars.index(after: sign)...])]
    }

    /// An argument as text; as `RawByte` writes it if it names a file or a folder.
    ///
    /// - Parameter texts: the arguments before it.
    private static func text(_ bytes: [UInt8], after option: String?, _ texts: [String]) throws(ArgumentError) -> String {
        let name = RawByte.text(of: bytes)
        let text = String(validating: bytes, as: UTF8.self)
        // Nearly all arguments end here, without the list of options.
        if let text, text.utf8.elementsEqual(name.utf8) { return text }
        let parts = bytes.split(separator: UInt8(ascii: "="), maxSplits: 1)
        if parts.count == 2, bytes.starts(with: "--".utf8), let option = String(validating: parts[0], as: UTF8.self) {
            if namesPath(option, texts) { return "\(option)=" + RawByte.text(of: parts[1]) }
            guard let text else { throw ArgumentError(argument: Array(parts[1]), option: option) }
            return text
        }
        let option = option.flatMap { takesValue($0, texts) ? $0 : nil }
        if option.map({ namesPath($0, texts) }) ?? CommandOptions(for: texts).takesPaths { return name }
        guard let text else { throw ArgumentError(argument: bytes, option: option) }
        return text
    }

    private static func namesPath(_ option: String, _ texts: [String]) -> Bool {
        CommandOptions(for: texts).option(named: option.dropFirst(2))?.namesPath ?? false
    }

    /// Whether an argument is an option that takes the next one as its value; true for an unknown option.
    private static func takesValue(_ text: String, _ texts: [String]) -> Bool {
        takesValue(text) && CommandOptions(for: texts).option(named: text.dropFirst(2))?.takesValue ?? true
    }

    /// Whether an argument with a leading dash is a value: an option is `-h`, or two dashes and a letter. The parser handles `-` and `--`.
    private static func isValue(_ text: String) -> Bool {
        guard text.utf8.count > 1, text.hasPrefix("-"), text != "-h", text != "--" else { return false }
        return !text.hasPrefix("--") || text.dropFirst(2).utf8.first.map { Unicode.Scalar($0).properties.isAlphabetic } == false
    }

    private static func takesValue(_ text: String) -> Bool {
        text.hasPrefix("--") && text != "--" && !text.contains("=")
    }
}

/// An argument that is not UTF-8, although it must be text.
struct ArgumentError: UserFacingError {
    let argument: [UInt8]
    /// The option before it.
    let option: String?

    var exitStatus: ExitStatus { .usage }

    var description: String {
        let shown = argument.map { $0 < 0x20 || $0 > 0x7E ? "\\x" + hexadecimal($0) : String(Unicode.Scalar($0)) }.joined()
        return
            "\(option.map { "the value of \($0)" } ?? "an argument") is not UTF-8: '\(shown)'. Only a prompt and the names of files and "
            + "folders may have other bytes."
    }
}

/// Two hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 2 ? digits : "0" + digits
}
