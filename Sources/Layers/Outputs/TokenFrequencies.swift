import Tensors

/// What is known of how often each token occurs, for proposal distributions and trees.
public enum TokenFrequencies: String, Codable, CaseIterable, Sendable {
    /// The counts of the training text.
    case counts
    /// Zipf's law: token w, by descending count, occurs in proportion to `1 / (w + 1)`.
    case zipf
}

/// The frequency of each token, in proportion to others.
struct TokenWeights {
    /// V.
    let size: Int
    private let counts: [Int]  // empty for Zipf's law

    init(_ shape: OutputShape) {
        precondition(shape.tokenCounts.isEmpty || shape.tokenCounts.count == shape.vocabularySize, "counts of other tokens")
        (size, counts) = (shape.vocabularySize, shape.tokenCounts)
    }

    /// The weight of a token. A token that does not occur counts as one that occurs once.
    subscript(token: Int) -> Double { counts.isEmpty ? 1 / Double(token + 1) : Double(max(counts[token], 1)) }

    /// Its logarithm.
    func logarithm(_ token: Int) -> Double {
        counts.isEmpty ? -RowKernels.log(Double(token + 1)) : RowKernels.log(Double(max(counts[token], 1)))
    }
}
