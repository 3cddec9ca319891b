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

/// A text of one line, of which a model that carries its state does not score the first token.
public struct NoComparedLine: UserFacingError, Equatable {
    let text: String

    public var exitStatus: ExitStatus { .badData }

    public var description: String {
        "\(text): the text has one line, and its first token is not scored by a model that carries its state over line ends, so that no line "
            + "is left to compare. Give a text of two lines or more."
    }
}

/// The losses of two models on one text.
public struct ModelComparison: Sendable {
    public let unit: ComparisonUnit
    public let losses: PairedLosses
    /// The number of compared tokens outside the vocabulary of each model.
    public let unknownCounts: (first: Int, second: Int)

    /// Scores a text with both models, as `evaluate` does, and compares what both scored.
    ///
    /// Throws `VocabularyMismatch` for tokens of different vocabularies, `NoComparedLine`, and the errors of scoring.
    ///
    /// - Parameters:
    ///   - name: the name of the text in messages.
    ///   - bytes: the text.
    public init(_ first: ScoringModel, _ second: ScoringModel, name: String, bytes: [UInt8], unit: ComparisonUnit) throws {
        if unit == .token, !first.vocabulary.hasSymbols(of: second.vocabulary) {
            throw VocabularyMismatch(
                first: first.path, second: second.path)
        }
        let scoreLineEnds = first.scoresLineEnds && second.scoresLineEnds
        let bytes = scoreLineEnds && first.endsLastLine != second.endsLastLine ? Self.withLineEnd(bytes) : bytes
        let carries = first.carriesState || second.carriesState
        // Models of bytes read a byte-order mark. Both losses are divided by the same number, so it counts only if both models read it.
        let areOfBytes = first.vocabulary.unit == .byte && second.vocabulary.unit == .byte
        let text = OpenedText(name: name, bytes: bytes, unit: areOfBytes ? .byte : .word)
        let extents = unit == .token ? [] : try text.lineExtents()
        if unit != .token, carries, extents.count == 1 { throw NoComparedLine(text: name) }
        let a = try TokenLosses(first, OpenedText(name: name, bytes: bytes, unit: first.vocabulary.unit))
        let b = try TokenLosses(second, OpenedText(name: name, bytes: bytes, unit: second.vocabulary.unit))
        self.unit = unit
        (losses, unknownCounts) = Self.paired(a, b, unit: unit, extents, carries: carries)
    }

    /// A text that ends with a line feed, for two models of which otherwise only one has a token for the end of the last line.
    private static func withLineEnd(_ bytes: [UInt8]) -> [UInt8] { bytes.last == 0x0A || bytes.isEmpty ? bytes : bytes + [0x0A] }

    /// A line whose first token a model did not score is not compared by words or bytes. `extents` has the lines' sizes for these.
    private static func paired(
        _ a: TokenLosses, _ b: TokenLosses, unit: ComparisonUnit, _ extents: [TextExtent], carries: Bool
    ) -> (PairedLosses, unknown: (first: Int, second: Int)) {
        var losses = PairedLosses()
        var unknown = (first: 0, second: 0)
        let lines = zip(a.lines, b.lines)
        guard unit != .token else {
            for (first, second) in lines {
                let count = losses.append(tokens: first.losses, second.losses)
                unknown.first += first.unknownCount(last: count)
                unknown.second += second.unknownCount(last: count)
            }
            return (losses, unknown)
        }
        for (extent, (first, second)) in zip(extents, lines).dropFirst(carries ? 1 : 0) {
            losses.append(line: first.losses, second.losses, units: unit == .word ? extent.words : extent.bytes)
            unknown.first += first.unknown.count
            unknown.second += second.unknown.count
        }
        return (losses, unknown)
    }
}
