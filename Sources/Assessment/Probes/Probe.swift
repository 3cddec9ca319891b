import Inference
import Runs
import Tasks
import TextData

/// What a model answers to an item.
public enum Decision: String, Sendable {
    case right, wrong
    /// The surprisals are equal. A tie is no success.
    case tie
    /// A word that the answer depends on is outside the vocabulary, or has no token of its own.
    case unknown
}

/// The answer of a model to an item.
public struct ProbeAnswer: Sendable {
    /// The item.
    public let item: ProbeItem
    /// The answer.
    public let decision: Decision
    /// The surprisal in bits of what the item compares, good and bad; nil for a formula and an unknown word.
    public let bits: (good: Double, bad: Double)?
    /// Of an answer that is not `unknown`: a token outside the vocabulary that the model reads as `<unk>`; nil for none.
    public let unknownContext: String?
}

/// Puts the items of a file to a model.
public struct Probe {
    private let model: ScoringModel
    private let scorer: any TokenScorer
    /// Whether the tokens of the model join a blank to the word after it.
    private let joinsBlanks: Bool
    private let division: WordDivision

    /// Probes a model.
    public init(_ model: ScoringModel) {
        self.model = model
        scorer = model.lineScorer()
        joinsBlanks = model.vocabulary.joinsBlanks
        division = WordDivision(model.vocabulary)
    }

    /// Passes the answer to each item to `body`, in order. Throws if the numbers of the model overflow, and the errors of `body`.
    public func ask(_ items: [ProbeItem], named name: String, _ body: (ProbeAnswer) throws -> Void) throws {
        let known = items.map(isReadable)
        let read = zip(items, known).filter(\.1).map(\.0)
        // The blank at the end of a whole sentence is its own.
        let pieces = try read.flatMap { $0.method == .sentence ? $0.texts : try $0.texts.map(readPieces) }
        let places = read.flatMap { item in item.texts.map { _ in item.placeName } }
        var (next, scored) = (0, 0)
        /// Answers the items up to the next one that has to be scored.
        func skipUnreadable() throws {
            while next < items.count, !known[next] {
                try body(ProbeAnswer(item: items[next], decision: .unknown, bits: nil, unknownContext: nil))
                next += 1
            }
        }
        try skipUnreadable()
        var texts: [ScoredText] = []
        try scorer.score(sentences: pieces.map { $0.joined() }, named: name, place: { places[$0] }) { _, line in
            try scorer.total.requireFinite(model: model.path, text: name)
            texts.append(ScoredText(line, pieces: pieces[scored], division: division, joinsBlanks: joinsBlanks))
            scored += 1
            guard texts.count == items[next].texts.count else { return }
            try body(Self.answer(items[next], texts))
            texts.removeAll(keepingCapacity: true)
            next += 1
            try skipUnreadable()
        }
    }

    /// The pieces of a text as the model reads them. The blank after the last word shows a model of characters the end of this word. If the
    /// tokenizer joins blanks to the word after them, the text has this blank only if the last token contains it with a part of the word.
    private func readPieces(_ text: [String]) throws -> [String] {
        guard joinsBlanks, let last = text.last, last.hasSuffix(" "),
            try !model.vocabulary.joinsLastBlank(of: text.joined())
        else { return text }
        return text.dropLast() + [String(last.dropLast())]
    }

    /// Whether the model can read the texts: characters outside a vocabulary without `<unk>` have no number.
    private func isReadable(_ item: ProbeItem) -> Bool {
        let vocabulary = model.vocabulary
        guard vocabulary.unit == .char, vocabulary.unknownID == nil else { return true }
        return item.texts.joined().allSatisfy { piece in
            piece.unicodeScalars.allSatisfy { vocabulary.id(of: String($0)) != nil }
        }
    }

    private static func answer(_ item: ProbeItem, _ texts: [ScoredText]) -> ProbeAnswer {
        let measured = item.claim.measured
        let whole = measured.filter { if case .whole = $0 { true } else { false } }
        let isUnknown =
            measured.count == 2 && whole.count == 2
            ? ScoredText.hasUnknownDifference(texts[measured[0].text], texts[measured[1].text])
            : measured.contains { texts[$0.text].hasUnknown($0) }
        if isUnknown || item.deciding.contains(where: { texts[$0.text].hasUnknown($0) }) {
            return ProbeAnswer(item: item, decision: .unknown, bits: nil, unknownContext: nil)
        }
        let decision: Decision =
            switch item.claim.truth({ texts[$0.text].bits($0) }) {
            case .holds: .right
            case .fails: .wrong
            case .tie: .tie
            }
        let context = texts.indices.lazy.compactMap { index in
            texts[index].firstUnknown(upTo: measured.filter { $0.text == index })
        }.first
        guard item.method != .formula else {
            return ProbeAnswer(item: item, decision: decision, bits: nil, unknownContext: context)
        }
        let bits = measured.map { texts[$0.text].bits($0) }
        return ProbeAnswer(item: item, decision: decision, bits: (bits[0], bits[1]), unknownContext: context)
    }
}
