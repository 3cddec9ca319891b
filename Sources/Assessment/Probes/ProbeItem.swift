import TextData

/// How an item compares its texts.
public enum ProbeMethod: String, Sendable {
    /// The good sentence has a lower surprisal than the bad one, with the line ends.
    case sentence
    /// After one prefix, the good word has a lower surprisal than the bad one.
    case onePrefix = "one-prefix"
    /// The word has a lower surprisal after the good prefix than after the bad one.
    case twoPrefix = "two-prefix"
    /// The right form has a lower surprisal than the wrong one after the words before it.
    case target
    /// A formula of a SyntaxGym suite.
    case formula
}

/// A question to a model: texts, and a claim about their surprisals.
public struct ProbeItem: Sendable {
    /// The line of the file on which the item stands, from 1; of a SyntaxGym suite the number of the item, or if it has none, its place among the items, from 1.
    public let place: Int
    /// The place in messages.
    public var placeName: String { "\(method == .formula ? "item" : "line") \(place)" }
    /// The items whose figures are reported together.
    public let group: String
    public let method: ProbeMethod
    /// The number of words between the two words that agree; nil if unknown.
    public let distance: Int?
    /// The number of words that mislead: nouns of the other number between the two words; nil if unknown.
    public let attractors: Int?
    /// The pieces of each text, which follow one another without a blank between them.
    package let texts: [[String]]
    package let claim: Claim
    /// Words before the compared ones that decide which of them is right. If one is unknown, so is the answer.
    package let deciding: [Measured]

    package init(
        place: Int, group: String, method: ProbeMethod, distance: Int? = nil, attractors: Int? = nil, texts: [[String]],
        claim: Claim, deciding: [Measured] = []
    ) {
        (self.place, self.group, self.method) = (place, group, method)
        (self.distance, self.attractors) = (distance, attractors)
        (self.texts, self.claim, self.deciding) = (texts, claim, deciding)
    }

    /// Whether all texts have the same words, so that the item is a tie for every model of words.
    public var hasEqualTexts: Bool {
        let words = texts.map { $0.joined().words.map { ExactText($0) } }
        return words.count > 1 && words.allSatisfy { $0 == words[0] }
    }

    /// A claim that the second piece of the first text has a lower surprisal than that of the second text.
    ///
    /// A blank after the word belongs to it, so that characters and bytes show its end.
    static func comparing(
        place: Int, group: String, method: ProbeMethod, distance: Int? = nil, attractors: Int? = nil,
        _ good: (prefix: String, word: String), _ bad: (prefix: String, word: String)
    ) -> ProbeItem {
        let texts = [good, bad].map { [$0.prefix.isEmpty ? "" : $0.prefix + " ", $0.word + " "] }
        return ProbeItem(
            place: place, group: group, method: method, distance: distance, attractors: attractors, texts: texts,
            claim: .less(.surprisal(.pieces(text: 0, 1..<2)), .surprisal(.pieces(text: 1, 1..<2))))
    }

    /// A claim that `right` has a lower surprisal than `wrong` after the same words, of which the one at `head` decides which form is right.
    static func agreeing(
        place: Int, group: String, attractors: Int?, words: [String], head: Int?, right: String, wrong: String
    ) -> ProbeItem {
        let pieces = words.map { $0 + " " }
        let last = pieces.count..<pieces.count + 1
        return ProbeItem(
            place: place, group: group, method: .target, distance: head.map { words.count - 1 - $0 }, attractors: attractors,
            texts: [pieces + [right + " "], pieces + [wrong + " "]],
            claim: .less(.surprisal(.pieces(text: 0, last)), .surprisal(.pieces(text: 1, last))),
            deciding: head.map { [.pieces(text: 0, $0..<$0 + 1)] } ?? [])
    }
}
