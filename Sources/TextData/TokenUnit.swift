/// The unit of a token; the values of `--tokens`.
public enum TokenUnit: String, Codable, CaseIterable, Sendable {
    /// A word, delimited by whitespace, with `<eos>` after every line.
    case word
    /// A Unicode scalar, including line ends.
    case char
    /// A byte of the file.
    case byte
    /// A word that is a whole number, such as a key of a log: written without leading zeros.
    case integers
    /// A match of a regular expression in a line (`--token-pattern`), or a line end.
    case regex
    /// A piece of a SentencePiece model, with `</s>` after every line.
    case sentencepiece

    /// Whether the text of a token is that between white space, with `<eos>` for the end of a line.
    public var isSpaced: Bool { self == .word || self == .integers }

    /// Whether the end of a line is a token of its line feed, which the last line may lack. The other units have an end after every line.
    var hasLineFeeds: Bool { self == .char || self == .byte || self == .regex }

    /// Whether a tokenizer of this unit needs a definition: a pattern, or a model.
    public var needsDefinition: Bool { self == .regex || self == .sentencepiece }

    /// The name of a token in texts: `bits/char`.
    package var noun: String {
        switch self {
        case .word, .char, .byte: rawValue
        case .integers, .regex, .sentencepiece: "token"
        }
    }
}
