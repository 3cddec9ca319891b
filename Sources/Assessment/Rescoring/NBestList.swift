import TextData

/// A hypothesis of an n-best list.
public struct Hypothesis: Sendable, Equatable {
    /// The name in the file, unchanged.
    public let id: String
    /// The index of its utterance in the list.
    public let utterance: Int
    public let text: String
    /// The line of the file on which it stands, from 1.
    public let line: Int
    /// The logarithm of the score of the recogniser: higher is better. Nil if the list has none.
    public let acoustic: Double?

    /// The number of words between white space.
    public var wordCount: Int { text.words.count }
}

/// The references of utterances that have no hypothesis. All of their words count as deleted.
public struct UnmatchedReferences: Sendable, Equatable {
    /// The number of the references.
    public internal(set) var count = 0
    /// The words of all of them.
    public internal(set) var words = 0
    /// The utterance of the first; nil if there is none.
    public internal(set) var first: String?

    /// No references.
    public init() {}
}

/// The hypotheses of a recogniser or translator for some utterances, in the order of the file.
public struct NBestList: Sendable {
    /// The names of the utterances.
    public private(set) var utterances: [String] = []
    public private(set) var hypotheses: [Hypothesis] = []
    /// The references in the file; nil if an utterance has none.
    public var references: [String]?
    /// The first utterance without a reference, if other utterances have one in the file; otherwise nil.
    public internal(set) var firstWithoutReference: String?
    /// References of utterances that the list does not have.
    public var unmatched = UnmatchedReferences()
    /// The path of the file.
    public let name: String
    /// The JSON document of `mlm-scoring`.
    var document: JSONElement?
    private var numbers: [ExactText: Int] = [:]

    init(name: String) { self.name = name }

    /// Whether every hypothesis has an acoustic score.
    public var hasAcoustic: Bool { hypotheses.allSatisfy { $0.acoustic != nil } }

    /// The indices of the hypotheses of each utterance.
    var alternatives: [[Int]] {
        var lists = [[Int]](repeating: [], count: utterances.count)
        for (index, hypothesis) in hypotheses.enumerated() { lists[hypothesis.utterance].append(index) }
        return lists
    }

    mutating func append(id: String, utterance: String, text: String, acoustic: Double?, line: Int) {
        let number = numbers[ExactText(utterance)] ?? utterances.count
        if number == utterances.count {
            numbers[ExactText(utterance)] = number
            utterances.append(utterance)
        }
        hypotheses.append(Hypothesis(id: id, utterance: number, text: text, line: line, acoustic: acoustic))
    }
}
