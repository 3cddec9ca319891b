public import Failures

/// Errors of the estimation of an n-gram model.
public enum NGramError: UserFacingError, Equatable {
    /// The text has a word that ARPA files reserve.
    case reservedWord(source: String, word: String)
    case textTooLong(source: String, tokenCount: Int)
    /// `--prune` has a value that no model can satisfy.
    case badPruning(reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .reservedWord, .textTooLong: .badData
        case .badPruning: .usage
        }
    }

    public var description: String {
        switch self {
        case .reservedWord(let source, let word):
            "\(source): the text has the word \(word), which ARPA files reserve for the \(word == "<s>" ? "start" : "end") of a line. "
                + "Remove it: each line already is a sentence with a start and an end."
        case .textTooLong(let source, let tokenCount):
            "\(source): the text has \(tokenCount) words and lines, but n-grams of at most \(NGramText.mostTokens) can be counted. "
                + "Use a part of it."
        case .badPruning(let reason):
            "--prune: \(reason)."
        }
    }
}
