import ArgumentParser
import Files

/// The text that `generate` continues: any bytes, since a byte model accepts all of them.
struct Prompt: ExpressibleByArgument {
    static let option = "--prompt"
    /// `--prompt=`.
    static let assignment = Array("\(option)=".utf8)

    /// Precedes the digits, because the parser does not accept an empty value.
    private static let mark = "x"

    private let given: [UInt8]

    init() { given = [] }

    /// Parses the digits that `argument` writes.
    init?(argument: String) {
        let digits = Array(argument.utf8.dropFirst(Self.mark.utf8.count))
        given = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    /// The option and its value for the parser, in hexadecimal digits, so that no byte has a meaning for the parser.
    static func argument(_ bytes: [UInt8]) -> String { "\(option)=" + mark + bytes.map(hexadecimal).joined() }

    /// The value `-`, as `argument` writes it.
    static let encodedSign = String(argument(Array(StandardInput.sign.utf8)).dropFirst(assignment.count))

    /// Empty: the help shows no default.
    var defaultValueDescription: String { "" }

    /// The bytes; for `-`, those of the standard input.
    func bytes() throws -> [UInt8] {
        given == Array(StandardInput.sign.utf8) ? try StandardInput.contents() : given
    }
}
