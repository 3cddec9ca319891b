import TextData

/// The word error rate: the substitutions, deletions and insertions of the shortest edit, divided by the words of the references.
public struct WordErrors: Sendable, Equatable {
    /// Substituted, deleted and inserted words.
    public var errors: Int
    /// Words of the references.
    public var words: Int

    /// Counts of errors and words.
    public init(errors: Int, words: Int) { (self.errors, self.words) = (errors, words) }

    /// From 0; above 1 if there are more errors than words. Nil without words.
    public var rate: Double? { words > 0 ? Double(errors) / Double(words) : nil }

    /// The words between white space.
    static func words(_ text: String) -> [ExactText] { text.words.map { ExactText($0) } }

    /// The smallest number of words to substitute, delete or insert (Levenshtein 1966).
    public static func errors(of hypothesis: String, reference: String) -> Int {
        let (hypothesis, reference) = (words(hypothesis), words(reference))
        var row = Array(0...hypothesis.count)
        for (i, word) in reference.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in hypothesis.enumerated() {
                let substituted = diagonal + (word == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[hypothesis.count]
    }
}
