public import Failures

/// Errors of the estimation of an n-gram model.
public enum NGramError: UserFacingError, Equatable {
    /// The text has a word that ARPA files reserve.
    case reservedWord(source: String, word: String)
    /// The vocabulary of a network has a word that ARPA files reserve.
    case reservedWordOfNetwork(checkpoint: String, word: String)
    case textTooLong(source: String, tokenCount: Int)
    /// `--prune` has a value that no model can satisfy.
    case badPruning(reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .reservedWord, .reservedWordOfNetwork, .textTooLong: .badData
        case .badPruning: .usage
        }
    }

    public var description: String {
        switch self {
        case .reservedWord(let source, let word):
            "\(source): the text has the word \(word), which ARPA files reserve for the \(Self.place(word)) of a line. "
                + "Remove it: each line already is a sentence with a start and an end."
        case .reservedWordOfNetwork(let checkpoint, let word):
            "\(quoting: checkpoint): the training text of this network has the word \(word), which ARPA files reserve for the "
                + "\(Self.place(word)) of a line. Train a network on a text without it, or omit --vocabulary."
        case .textTooLong(let source, let tokenCount):
            "\(source): the text has \(tokenCount) words and lines, but n-grams of at most \(NGramText.mostTokens) can be counted. "
                + "Use a part of it."
        case .badPruning(let reason):
            "--prune: \(reason)."
        }
    }

    /// The place in a line for which a word is reserved.
    private static func place(_ word: String) -> String { word == "<s>" ? "start" : "end" }
}
