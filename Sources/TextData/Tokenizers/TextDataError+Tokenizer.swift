import Failures

extension TextDataError {
    /// The sentences of errors of tokenizers and word vectors; empty for other errors.
    var tokenizerSentence: String {
        switch self {
        case .notAnInteger(let source, let byteOffset, let word):
            "\(source): \(quoting: word) at byte \(byteOffset) is not a number of digits only, without a sign and without leading zeros, as --tokens integers needs. "
                + "Correct the text, or use --tokens word."
        case .noSentencePieceLibrary(let reason):
            "--tokens sentencepiece needs SentencePiece's library, which cannot be loaded (\(reason)). Install the Debian package "
                + "\(SentencePieceLibrary.package): launch/setup \(SentencePieceLibrary.package)."
        case .badSentencePieceModel(let source, let reason):
            "\(source): this is not a SentencePiece model that can be used: \(reason)."
        case .sentencePieceFailed(let operation, let reason):
            "SentencePiece's \(operation) failed: \(reason). Check the text, or use another --vocabulary-size."
        case .nothingToTrain(let source):
            "\(source): the text has no character from which SentencePiece learns: it ignores white space, control characters, U+2581 and U+2585. "
                + "Use another text, or name a model with --sentencepiece-model."
        case .badWordVectors(let path, let reason):
            "\(path): this is not a file of word vectors that can be used: \(reason)."
        default: patternSentence
        }
    }

    /// The sentences of errors of regular expressions; empty for other errors.
    private var patternSentence: String {
        switch self {
        case .noMatch(let source, let byteOffset, let scalar, let pattern, isEmptyMatch: true):
            "\(source): --token-pattern \(quoting: pattern) matches at byte \(byteOffset), but not the character \(characterText(scalar)) there, "
                + "and a token cannot be empty. The first alternative that matches counts: let each match at least one character (+ instead of *), "
                + "or move those that match none to the end."
        case .noMatch(let source, let byteOffset, let scalar, let pattern, isEmptyMatch: false):
            "\(source): no match of --token-pattern \(quoting: pattern) begins at byte \(byteOffset), with the character \(characterText(scalar)). "
                + "Correct the text, or extend the pattern; the alternative |. at its end matches every character."
        case .badTokenPattern(let pattern, let reason):
            "--token-pattern \(quoting: pattern) cannot be used: \(reason)."
        case .matchFailed(let source, let byteOffset, let pattern, let reason):
            "\(source): --token-pattern \(quoting: pattern) cannot be matched at byte \(byteOffset): \(reason). Rewrite the pattern so that it goes back less "
                + "often: a++ and (?>a|b) keep what they have matched. Or divide long lines."
        case .noPatternLibrary(let reason):
            "--tokens regex needs PCRE2, the library of regular expressions, which cannot be loaded (\(reason)). Install the Debian package "
                + "\(PatternLibrary.package): launch/setup \(PatternLibrary.package)."
        case .otherPatternLibrary(let found, let expected):
            "--tokens regex needs the same version of PCRE2 on all ranks, because classes such as \\w depend on it: this rank has \(found), rank 0 has \(expected). "
                + "Use nodes with the same system."
        case .tokensOfOtherLibrary(let source, let found, let expected):
            "\(source): this machine has \(found), but the tokens of the run were found with \(expected), and this version can find others. Use a machine with that "
                + "version, or restore the checkpoints and token files of the run (RUN/checkpoints, RUN/data)."
        case .earlierPattern(let source):
            "\(source): the tokens of this model were found by an earlier version of rnntrain, with another kind of regular expressions. Train the "
                + "model again in another folder (--run), or use that version."
        default: ""
        }
    }
}
