import ArgumentParser
import Files

/// The text that `generate` goes on from: any bytes, since a model of bytes knows them all.
struct Prompt: ExpressibleByArgument {
    static let option = "--prompt"
    /// `--prompt=`.
    static let assignment = Array("\(option)=".utf8)

    /// In front of the digits: the parser takes no empty value.
    private static let mark = "x"

    private let given: [UInt8]

    init() { given = [] }

    /// Reads the digits that `argument` writes.
    init?(argument: String) {
        let digits = Array(argument.utf8.dropFirst(Self.mark.utf8.count))
        given = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    /// Option and value as the parser takes them: in hexadecimal digits, so that no byte means anything to it.
    static func argument(_ bytes: [UInt8]) -> String { "\(option)=" + mark + bytes.map(hexadecimal).joined() }

    /// Nothing for the help.
    var defaultValueDescription: String { "" }

    /// The bytes; those of the standard input where `-` is given.
    func bytes() throws -> [UInt8] {
        given == Array(StandardInput.sign.utf8) ? try StandardInput.contents() : given
    }
}
