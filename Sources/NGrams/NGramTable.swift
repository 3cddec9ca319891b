/// The n-grams of one order with their probabilities and backoff weights.
///
/// For order 1, entry i is word i, and the last entry is `<s>`. For higher orders, an n-gram is identified by the position of its
/// last word in the text.
/// Memory: 12 bytes for each n-gram.
struct NGramTable: Sendable {
    /// The place of the last word of one occurrence. Empty for order 1. `[count]`
    var places: [UInt32]
    /// p(last word | words before); negative for an n-gram that is removed by `--prune`. `[count]`
    var probabilities: [Float]
    /// The weight of the shorter context after these words; 1 if no longer n-gram is known. Empty for the highest order. `[count]`
    var backoffs: [Float] = []

    /// The number of n-grams that are not removed.
    var keptCount: Int { probabilities.count { $0 >= 0 } }
}

/// The n-grams of one order while they are counted.
struct CountedNGrams {
    /// The place of the last word of one occurrence. `[count]`
    var places: [UInt32] = []
    /// The adjusted counts: occurrences for the highest order and after `<s>`, and otherwise the number of distinct words before. `[count]`
    var counts: [UInt32] = []
    /// The n-gram without its first word, in the table of the next lower order. `[count]`
    var suffixes: [UInt32] = []
    /// Whether `--prune` removes it. Empty if it removes none. `[count]`
    var isPruned: [Bool] = []

    /// The numbers of n-grams with adjusted counts 0 to 4.
    var countsOfCounts: [Int] {
        var n = [0, 0, 0, 0, 0]
        for count in counts where count < 5 { n[Int(count)] += 1 }
        return n
    }
}
