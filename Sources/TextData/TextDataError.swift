public import Failures
public import Files

/// Errors of texts, vocabularies, token files, and their division into streams and shards.
public enum TextDataError: UserFacingError, Equatable {
    /// A file does not exist or cannot be opened.
    case file(FileError)
    case emptyFile(path: String)
    /// A file changed during reading.
    case fileChanged(path: String)
    /// A system call failed. `code` is its errno.
    case inputOutput(path: String, operation: String, code: Int32)
    /// The first bytes show a format other than plain text.
    case notPlainText(source: String, format: FileFormat)
    case invalidUTF8(source: String, byteOffset: Int, defect: UTF8Defect)
    /// A character is not in the vocabulary, which has no `<unk>`.
    case unknownCharacter(source: String, byteOffset: Int, scalar: Unicode.Scalar)
    /// A word of a text of integers is none.
    case notAnInteger(source: String, byteOffset: Int, word: String)
    /// No match of the pattern of tokens begins at a place of a line, or only one without a character.
    case noMatch(source: String, byteOffset: Int, scalar: Unicode.Scalar, pattern: String, isEmptyMatch: Bool = false)
    /// The library of regular expressions gave up at a place of a line.
    case matchFailed(source: String, byteOffset: Int, pattern: String, reason: String)
    case badTokenPattern(pattern: String, reason: String)
    case noPatternLibrary(reason: String)
    /// A rank has another version of the library of regular expressions than rank 0.
    case otherPatternLibrary(found: String, expected: String)
    /// A text of a run is to be divided into tokens with another version of the library than the run's texts were.
    case tokensOfOtherLibrary(source: String, found: String, expected: String)
    /// A vocabulary of matches of a regular expression was written before PCRE2 was the library.
    case earlierPattern(source: String)
    case noSentencePieceLibrary(reason: String)
    case badSentencePieceModel(source: String, reason: String)
    case sentencePieceFailed(operation: String, reason: String)
    /// A text has no character from which SentencePiece learns.
    case nothingToTrain(source: String)
    case badWordVectors(path: String, reason: String)
    case vocabularyTooSmall(source: String, unit: TokenUnit, size: Int)
    case badVocabularyLimits(option: String, value: Int, reason: String)
    case badVocabulary(source: String, reason: String)
    case badTokenFile(path: String, defect: TokenFileDefect)
    case textTooShort(source: String, tokenCount: Int)
    /// A text has no token to score, after this number of characters was skipped.
    case nothingToScore(source: String, skippedCount: Int)
    /// A text has no line end, but its lines are to be read each for itself.
    case noLines(source: String)
    /// A line is not `label<TAB>text`, or its label is unknown. Lines count from 1.
    case badLabel(source: String, line: Int, defect: LabelDefect)
    case tooFewLabels(source: String, names: [String])
    /// A label, or the tab after it, is not in the vocabulary.
    case labelOutsideVocabulary(name: String)
    /// A label is the vocabulary's symbol of unknown words.
    case labelOfUnknownWords(name: String)
    /// The tokens of a line do not begin with a label.
    case unlabelledLine(source: String, line: Int)
    /// A text has too few lines for a split into three parts.
    case tooFewLines(source: String, lineCount: Int)
    case moreShardsThanStreams(shardCount: Int, streamCount: Int)
    case moreRanksThanShards(rankCount: Int, shardCount: Int, streamCount: Int)
    /// `found` is nil if the text ends inside a string.
    case notReber(byteOffset: Int, found: UInt8?, expected: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .file(let error): error.exitStatus
        case .inputOutput: .inputOutput
        case .noSentencePieceLibrary, .noPatternLibrary: .inputMissing
        case .otherPatternLibrary, .tokensOfOtherLibrary: .fault
        case .badTokenPattern, .earlierPattern, .badVocabularyLimits, .moreShardsThanStreams, .moreRanksThanShards: .usage
        case .emptyFile, .fileChanged, .notPlainText, .invalidUTF8, .unknownCharacter, .vocabularyTooSmall, .badVocabulary,
            .badTokenFile, .textTooShort, .nothingToScore, .noLines, .badLabel, .tooFewLabels, .labelOutsideVocabulary,
            .labelOfUnknownWords, .unlabelledLine,
            .tooFewLines, .notReber, .notAnInteger, .noMatch, .matchFailed, .badSentencePieceModel, .sentencePieceFailed,
            .nothingToTrain,
            .badWordVectors:
            .badData
        }
    }
}

extension TextDataError {
    /// The byte offset of the fault in a text; nil for an error without a position.
    package var byteOffset: Int? {
        switch self {
        case .invalidUTF8(_, let byteOffset, _), .unknownCharacter(_, let byteOffset, _), .notReber(let byteOffset, _, _),
            .notAnInteger(_, let byteOffset, _), .noMatch(_, let byteOffset, _, _, _), .matchFailed(_, let byteOffset, _, _):
            byteOffset
        case .notPlainText: 0
        default: nil
        }
    }

    /// Converts an error in a part of a text that begins at byte `start` to an error in the whole text.
    func moved(by start: Int) -> TextDataError {
        switch self {
        case .invalidUTF8(let source, let byteOffset, let defect):
            .invalidUTF8(source: source, byteOffset: byteOffset + start, defect: defect)
        case .unknownCharacter(let source, let byteOffset, let scalar):
            .unknownCharacter(source: source, byteOffset: byteOffset + start, scalar: scalar)
        case .notAnInteger(let source, let byteOffset, let word):
            .notAnInteger(source: source, byteOffset: byteOffset + start, word: word)
        case .noMatch(let source, let byteOffset, let scalar, let pattern, let isEmpty):
            .noMatch(source: source, byteOffset: byteOffset + start, scalar: scalar, pattern: pattern, isEmptyMatch: isEmpty)
        case .matchFailed(let source, let byteOffset, let pattern, let reason):
            .matchFailed(source: source, byteOffset: byteOffset + start, pattern: pattern, reason: reason)
        default: self
        }
    }

    /// Converts an error in a text to one in a part of it, which begins at byte `start` and has a name of its own.
    package func inPart(from start: Int, named name: String) -> TextDataError {
        switch moved(by: -start) {
        case .invalidUTF8(_, let byteOffset, let defect): .invalidUTF8(source: name, byteOffset: byteOffset, defect: defect)
        case .unknownCharacter(_, let byteOffset, let scalar):
            .unknownCharacter(source: name, byteOffset: byteOffset, scalar: scalar)
        case .notAnInteger(_, let byteOffset, let word): .notAnInteger(source: name, byteOffset: byteOffset, word: word)
        case .noMatch(_, let byteOffset, let scalar, let pattern, let isEmpty):
            .noMatch(source: name, byteOffset: byteOffset, scalar: scalar, pattern: pattern, isEmptyMatch: isEmpty)
        case .matchFailed(_, let byteOffset, let pattern, let reason):
            .matchFailed(source: name, byteOffset: byteOffset, pattern: pattern, reason: reason)
        case let other: other
        }
    }

    public var description: String {
        switch self {
        case .file, .emptyFile, .fileChanged, .inputOutput: fileSentence
        case .moreShardsThanStreams, .moreRanksThanShards: layoutSentence
        case .badLabel, .tooFewLabels, .labelOutsideVocabulary, .labelOfUnknownWords, .unlabelledLine: labelSentence
        case .notAnInteger, .noMatch, .matchFailed, .badTokenPattern, .noPatternLibrary, .otherPatternLibrary,
            .tokensOfOtherLibrary, .earlierPattern,
            .noSentencePieceLibrary, .badSentencePieceModel, .sentencePieceFailed,
            .nothingToTrain, .badWordVectors:
            tokenizerSentence
        default: contentSentence
        }
    }

    private var fileSentence: String {
        switch self {
        case .file(let error):
            error.description
        case .emptyFile(let path):
            "\(path) is empty. Name a file that is not empty."
        case .fileChanged(let path):
            "\(path): the file changed while it was read. Start again when no other process writes to it."
        case .inputOutput(let path, let operation, let code):
            "\(path): \(operation) failed: \(systemText(code)). \(advice(code, path))"
        default: ""
        }
    }

    private var contentSentence: String {
        switch self {
        case .notPlainText(let source, let format):
            "\(source): this is \(format.name), not plain text in UTF-8. \(format.advice), or use a model of bytes (--tokens byte)."
        case .invalidUTF8(let source, let byteOffset, let defect):
            "\(source): invalid UTF-8 at byte \(byteOffset): \(defect.description). "
                + "Convert the text, for example with iconv -f LATIN1 -t UTF-8, or use a model of bytes (--tokens byte)."
        case .unknownCharacter(let source, let byteOffset, let scalar):
            "\(source): the character \(characterText(scalar)) at byte "
                + "\(byteOffset) is not in the vocabulary of the training text. Remove it, add it to the training text, "
                + "or train with a --minimum-count that some characters of the training text do not reach: they and this one become <unk>."
        case .vocabularyTooSmall(let source, let unit, let size):
            "\(source): the vocabulary (--tokens \(unit.rawValue)) would have \(counted(size, "symbol")) besides <eos> and <unk>, but a "
                + "language model needs 2 or more. Use a longer text, raise --vocabulary-size or lower --minimum-count."
        case .badVocabularyLimits(let option, let value, let reason):
            "\(option) \(value): \(reason)."
        case .badVocabulary(let source, let reason):
            "\(source): this is not a vocabulary of rnntrain: \(reason). Restore the file. The vocabulary.json of a run with a checkpoint can also be "
                + "deleted: --resume writes it again."
        case .badTokenFile(let path, let defect) where defect == .notOfRankZero: "\(path): \(defect)."
        case .badTokenFile(let path, let defect):
            "\(path): this is not a valid token file: \(defect). Delete it: the next start writes it again from the text."
        case .textTooShort(let source, let tokenCount):
            "\(source): the text has \(tokenCount == 0 ? "no tokens" : "\(counted(tokenCount, "token")), but 2 or more are needed"). Use a longer text."
        case .nothingToScore(let source, let skippedCount):
            "\(source): the text has no token to score"
                + (skippedCount > 0 ? " (skipped: \(counted(skippedCount, "character")) outside the vocabulary)" : "")
                + ". Use another text."
        case .noLines(let source):
            "\(source): the text has no line end, but --batching sentences reads each line for itself. Use --batching streams."
        case .tooFewLines(let source, let lineCount):
            "\(source): the text has \(lineCount) line\(lineCount == 1 ? "" : "s"), but --text splits it by lines into three parts and "
                + "needs 3 or more. Use a longer text, or separate texts with --train and --valid."
        case .notReber(let byteOffset, let found, let expected):
            "not a text of the embedded Reber grammar: byte \(byteOffset) is \(symbolText(found)); expected \(expected)."
        default: ""
        }
    }

    private var labelSentence: String {
        switch self {
        case .badLabel(let source, let line, let defect):
            "\(source), line \(line): \(defect.description)."
        case .tooFewLabels(let source, let names):
            "\(source): a classifier needs 2 labels or more, but "
                + (names.first.map { "every line has the label \(quoting: $0)" } ?? "the text has no line") + "."
        case .labelOutsideVocabulary(let name):
            "the label \(quoting: name) is not in the vocabulary of the training text. If no line of this text has the label, omit it in --labels; otherwise raise "
                + "--vocabulary-size, or lower --minimum-count."
        case .labelOfUnknownWords(let name):
            "the label \(quoting: name) is the vocabulary's symbol of unknown words. Rename the label in the texts."
        case .unlabelledLine(let source, let line):
            "\(source), line \(line): the line does not begin with a label of the training text. Write label, tab and text on each line, without <eos> as a word."
        default: ""
        }
    }

    private var layoutSentence: String {
        switch self {
        case .moreShardsThanStreams(let shardCount, let streamCount):
            "\(counted(streamCount, "stream")) cannot form \(counted(shardCount, "shard")). "
                + "Set --shards to \(streamCount) or less, or --batch-size to \(shardCount) or more."
        case .moreRanksThanShards(let rankCount, let shardCount, let streamCount):
            "\(counted(rankCount, "rank")) cannot share \(counted(shardCount, "shard")). Start \(counted(shardCount, "rank")) or fewer, or "
                + "start a new run with --shards \(rankCount) or more"
                + (rankCount > streamCount ? " and --batch-size \(rankCount) or more." : ".")
        default: ""
        }
    }
}

/// A character with its code point, or only the code point if the character cannot be displayed.
package func characterText(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: codePoint(scalar)
    default: "\"\(scalar)\" (\(codePoint(scalar)))"
    }
}

private func codePoint(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}

private func symbolText(_ symbol: UInt8?) -> String {
    guard let symbol else { return "the end" }
    return "\(String(decoding: [symbol], as: UTF8.self).debugDescription)"
}
