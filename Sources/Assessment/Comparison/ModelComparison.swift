public import Failures
import TextData

/// What the losses of two models are compared by.
public enum ComparisonUnit: String, Sendable, CaseIterable {
    /// The tokens of a common vocabulary.
    case token
    /// Words between white space, and line ends; the two models are compared line by line.
    case word
    /// Bytes, compared line by line.
    case byte
}

/// Two models with different vocabularies, compared by token.
public struct VocabularyMismatch: UserFacingError, Equatable {
    let first: String
    let second: String

    public var exitStatus: ExitStatus { .usage }

    public var description: String {
        "\(quoting: first) and \(quoting: second) have different vocabularies, so that their losses per token cannot be compared. Use --by byte "
            + "or --by word: the losses of whole lines are then divided by their bytes or words. Unknown words, which are scored as <unk>, "
            + "distort this comparison."
    }
}

/// The losses of two models on one text.
public struct ModelComparison: Sendable {
    public let unit: ComparisonUnit
    public let losses: PairedLosses
    /// The number of tokens outside the vocabulary of each model.
    public let unknownCounts: (first: Int, second: Int)

    /// Scores a text with both models, as `evaluate` does, and compares what both scored.
    ///
    /// Throws `VocabularyMismatch` for tokens of different vocabularies, and the errors of scoring.
    ///
    /// - Parameters:
    ///   - name: the name of the text in messages.
    ///   - bytes: the text.
    public init(_ first: ScoringModel, _ second: ScoringModel, name: String, bytes: [UInt8], unit: ComparisonUnit) throws {
        if unit == .token, first.vocabulary.digest != second.vocabulary.digest {
            throw VocabularyMismatch(
                first: first.path, second: second.path)
        }
        let a = try TokenLosses(first, OpenedText(name: name, bytes: bytes, unit: first.vocabulary.unit))
        let b = try TokenLosses(second, OpenedText(name: name, bytes: bytes, unit: second.vocabulary.unit))
        self.unit = unit
        unknownCounts = (a.unknownCount, b.unknownCount)
        losses = Self.paired(a, b, unit: unit, bytes: bytes, carries: first.carriesState || second.carriesState)
    }

    /// A line whose first token a model did not score is not compared by words or bytes, if there is another one.
    private static func paired(
        _ a: TokenLosses, _ b: TokenLosses, unit: ComparisonUnit, bytes: [UInt8], carries: Bool
    ) -> PairedLosses {
        var losses = PairedLosses()
        let lines = zip(a.lines, b.lines)
        guard unit != .token else {
            for (first, second) in lines { losses.append(tokens: first, second) }
            return losses
        }
        let texts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let skipped = carries && a.lines.count > 1 ? 1 : 0
        for (text, pair) in zip(texts, lines).dropFirst(skipped) {
            let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).count
            losses.append(line: pair.0, pair.1, units: 1 + (unit == .word ? words : text.count))
        }
        return losses
    }
}
