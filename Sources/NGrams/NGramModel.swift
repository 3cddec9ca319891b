public import TextData

/// An n-gram model from an ARPA file.
///
/// A trie of contexts: the n-grams of each order are sorted by their words, so that those with the same context are adjacent. The probability
/// of a word is that of the longest known n-gram that it ends, times the backoff weights of the longer contexts.
/// Memory: 16 bytes an n-gram, 12 for those of the highest order, and the vocabulary.
public final class NGramModel: Sendable {
    /// The words, in the order of the file; `</s>` is the vocabulary's `<eos>`, `<UNK>` is the last one, and `<s>` is left out.
    public let vocabulary: Vocabulary
    /// The n-grams of each order. `[order]`
    let levels: [NGramLevel]
    /// p(w) of each word of the vocabulary. `[V]`
    let wordProbabilities: [Double]

    /// The length of the longest n-grams.
    public var order: Int { levels.count }
    /// The number of `<s>` in the contexts.
    var start: Int32 { Int32(vocabulary.size) }

    init(vocabulary: Vocabulary, levels: [NGramLevel]) {
        (self.vocabulary, self.levels) = (vocabulary, levels)
        wordProbabilities = levels[0].logarithms.prefix(vocabulary.size).map { CommonLogarithm.power(Double($0)) }
    }
}

/// The n-grams of one order, sorted by their words. Entry i of order 1 is word i; the last one is `<s>`.
struct NGramLevel: Sendable {
    /// The last word. `[count]`
    var words: [Int32] = []
    /// log10 p(last word | words before). `[count]`
    var logarithms: [Float] = []
    /// log10 of the backoff weight. Empty for the highest order. `[count]`
    var backoffs: [Float] = []
    /// The n-grams of the next order that begin with n-gram i are `children[i]..<children[i + 1]`. Empty for the highest order. `[count + 1]`
    var children: [UInt32] = []

    /// The n-gram of this order with the last word `word` among `range`, or nil.
    @inline(__always)
    func find(_ word: Int32, in range: Range<Int>) -> Int? {
        words.withUnsafeBufferPointer { words in
            var (low, high) = (range.lowerBound, range.upperBound)
            while low < high {
                let middle = (low + high) >> 1
                if words[middle] < word { low = middle + 1 } else { high = middle }
            }
            return low < range.upperBound && words[low] == word ? low : nil
        }
    }

    /// The n-grams of the next order that begin with n-gram `index`.
    @inline(__always)
    func children(of index: Int) -> Range<Int> { Int(children[index])..<Int(children[index + 1]) }
}
