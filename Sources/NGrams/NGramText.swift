public import TextData

/// A text of words as numbers, with `<s>` before each line and `</s>` after it.
///
/// The numbers are those of the vocabulary, whose `<eos>` is `</s>`. The number of `<s>` is the vocabulary's size. Memory: 4 bytes a word.
public struct NGramText: Sendable {
    /// The words, without `<s>`.
    public let vocabulary: Vocabulary
    /// `[words + lines]`
    let tokens: [Int32]
    /// The number of lines.
    public let lineCount: Int

    /// The number of `<s>`.
    var start: Int32 { Int32(vocabulary.size) }
    /// The number of words and line ends, which the model predicts.
    public var wordCount: Int { tokens.count - lineCount }

    /// The maximum number of tokens, because places are stored in 32 bits.
    static let mostTokens = Int(UInt32.max)

    /// Encodes `source` with a vocabulary of words.
    ///
    /// Throws the errors of reading a text, and `NGramError` for a text that is too long, or a vocabulary with a word `<s>` or `</s>` (65).
    ///
    /// - Parameter checkpoint: the checkpoint of the network with the vocabulary; nil if the vocabulary is that of `source`.
    public init(_ source: TextSource, vocabulary: Vocabulary, of checkpoint: String? = nil) throws {
        for name in ["<s>", "</s>"] where vocabulary.id(of: name) != nil {
            throw checkpoint.map { NGramError.reservedWordOfNetwork(checkpoint: $0, word: name) }
                ?? NGramError.reservedWord(source: source.name, word: name)
        }
        guard let end = vocabulary.endOfLineID else { preconditionFailure("a vocabulary of \(vocabulary.unit), not of words") }
        let start = Int32(vocabulary.size)
        var tokens: [Int32] = [start]
        tokens.reserveCapacity(source.byteCount / 5)
        var lines = 0
        try vocabulary.encode(source) { piece in
            for token in piece {
                tokens.append(token)
                if token == end {
                    lines += 1
                    tokens.append(start)
                }
            }
        }
        // A text ends with a line end.
        tokens.removeLast()
        guard tokens.count < Self.mostTokens else { throw NGramError.textTooLong(source: source.name, tokenCount: tokens.count) }
        (self.vocabulary, self.tokens, lineCount) = (vocabulary, tokens, lines)
    }
}
