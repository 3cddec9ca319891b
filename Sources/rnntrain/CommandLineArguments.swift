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

    /// The arguments as texts. A value that begins with a dash is joined to its option, because the parser would take it for an option.
    ///
    /// The value of `--prompt` is encoded for `Prompt`. Other arguments may be names of files, which are any bytes: see `RawByte`.
    static func texts(_ arguments: [[UInt8]]) -> [String] {
        var texts: [String] = []
        var isPrompt = false
        for (place, bytes) in arguments.enumerated() {
            let option = texts.last
            if option == "--", !isPrompt {
                // The parser takes no argument after `--` for an option.
                return texts + arguments[place...].map { RawByte.text(of: $0) }
            }
            if isPrompt {
                texts[texts.count - 1] = Prompt.argument(bytes)
                isPrompt = false
            } else if bytes.starts(with: Prompt.assignment) {
                texts.append(Prompt.argument(Array(bytes.dropFirst(Prompt.assignment.count))))
            } else {
                let text = RawByte.text(of: bytes)
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

    /// Whether an argument with a leading dash is a value: an option is `-h`, or two dashes and a letter. The parser handles `-` and `--`.
    private static func isValue(_ text: String) -> Bool {
        guard text.utf8.count > 1, text.hasPrefix("-"), text != "-h", text != "--" else { return false }
        return !text.hasPrefix("--") || text.dropFirst(2).utf8.first.map { Unicode.Scalar($0).properties.isAlphabetic } == false
    }

    private static func takesValue(_ text: String) -> Bool {
        text.hasPrefix("--") && text != "--" && !text.contains("=")
    }
}

/// Two hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 2 ? digits : "0" + digits
}
