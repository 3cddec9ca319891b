import Failures

/// An interpolated n-gram model with modified Kneser-Ney smoothing.
///
/// With c the adjusted count (see `CountedNGrams`), D the `Discounts` of the order and h' the context h without its first word:
///
///     p(w | h) = (c(h w) - D(c(h w))) / sum_v c(h v) + gamma(h) p(w | h')
///     gamma(h) = sum_v D(c(h v)) / sum_v c(h v)
///
/// For order 1, h is empty and p(w | h') = 1 / V, where the V words include `<unk>` and `</s>`, but not `<s>`.
/// Source: Chen & Goodman 1998, section 4.1.6; details as in KenLM's `lmplz` (Heafield et al. 2013).
public struct KneserNey: Sendable {
    /// The text that was counted.
    public let text: NGramText
    /// The discounts of each order. `[order]`
    public private(set) var discounts: [Discounts] = []
    /// The n-grams of each order. `[order]`
    private(set) var tables: [NGramTable] = []

    /// The length of the longest n-grams.
    public var order: Int { tables.count }
    /// The number of n-grams of each order, without those that are removed. `[order]`
    public var counts: [Int] { tables.map(\.keptCount) }

    /// The orders that can be estimated.
    public static let orders = 1...32

    /// Counts and smooths.
    ///
    /// - Parameters:
    ///   - prune: n-grams of order n with at most `prune[n - 1]` occurrences are removed; the last value holds for all higher orders. Empty
    ///     for none. Throws `badPruning` unless values start with 0 and do not fall.
    /// The result does not depend on the number of threads. Memory at the peak: about 20 bytes a word, 28 bytes an n-gram of the largest
    /// order, and 12 bytes each other n-gram.
    public init(_ text: NGramText, order: Int, prune: [Int] = []) throws(NGramError) {
        precondition(Self.orders.contains(order), "an order of \(order)")
        try Self.check(prune)
        self.text = text
        let ends = SortedEnds(text, order: order)
        let counter = NGramCounter(text, order: order)
        // For each place, the n-gram of the last estimated order that ends there.
        var endingAt = text.tokens.map { UInt32(truncatingIfNeeded: $0) }
        for n in 1...order {
            let threshold = prune.isEmpty ? 0 : prune[min(n, prune.count) - 1]
            let counted =
                n == 1 ? counter.words(ends) : counter.nGrams(of: n, ends, threshold: UInt32(clamping: threshold))
            let discounts = Discounts(countsOfCounts: counted.countsOfCounts)
            self.discounts.append(discounts)
            n == 1 ? addWords(counted, discounts) : add(counted, discounts, contexts: endingAt)
            if n > 1, n < order { counter.number(n, ends, into: &endingAt) }
        }
    }

    private static func check(_ prune: [Int]) throws(NGramError) {
        if let first = prune.first, first != 0 {
            throw .badPruning(
                reason: "the first value, for single words, is \(first), but must be 0; limit words with --minimum-count")
        }
        for (lower, higher) in zip(prune, prune.dropFirst()) where higher < lower {
            throw .badPruning(reason: "\(higher) follows \(lower), but the values of higher orders must not be smaller")
        }
    }

    /// Estimates p(w) of all words.
    private mutating func addWords(_ counted: CountedNGrams, _ discounts: Discounts) {
        var sum = ContextSum()
        for count in counted.counts { sum.add(count, discounts.discount(count)) }
        let uniform = sum.weight / Double(counted.counts.count)
        var probabilities = counted.counts.map { count in
            Float((Double(count) - discounts.discount(count)) / sum.total + uniform)
        }
        probabilities.append(0)  // <s> is never predicted
        tables.append(NGramTable(places: [], probabilities: probabilities))
    }

    /// Estimates p of the n-grams of the next order, and the weights of their contexts.
    private mutating func add(_ counted: CountedNGrams, _ discounts: Discounts, contexts endingAt: [UInt32]) {
        let lower = tables[tables.count - 1].probabilities
        let count = counted.counts.count
        let prunes = !counted.isPruned.isEmpty
        var sums = [ContextSum](repeating: ContextSum(), count: lower.count)
        var probabilities = [Float](repeating: 0, count: count)
        for index in 0..<count {
            let (found, context) = (counted.counts[index], Int(endingAt[Int(counted.places[index]) - 1]))
            let isPruned = prunes && counted.isPruned[index]
            // The whole count of a removed n-gram goes to the shorter context, so that probabilities sum to 1.
            sums[context].add(found, isPruned ? Double(found) : discounts.discount(found))
        }
        for index in 0..<count {
            if prunes && counted.isPruned[index] {
                probabilities[index] = -1
                continue
            }
            let (found, sum) = (counted.counts[index], sums[Int(endingAt[Int(counted.places[index]) - 1])])
            let ownShare = (Double(found) - discounts.discount(found)) / sum.total
            probabilities[index] = Float(ownShare + sum.weight * Double(lower[Int(counted.suffixes[index])]))
        }
        tables[tables.count - 1].backoffs = sums.map { Float($0.weight) }
        tables.append(NGramTable(places: counted.places, probabilities: probabilities))
    }
}

/// The sums over all words after a context.
private struct ContextSum: BitwiseCopyable {
    /// Adjusted counts.
    var total = 0.0
    /// Discounts.
    private var mass = 0.0

    @inline(__always)
    mutating func add(_ count: UInt32, _ discount: Double) {
        total += Double(count)
        mass += discount
    }

    /// The weight of the shorter context; 1 if no word was seen after the context.
    var weight: Double { total > 0 ? mass / total : 1 }
}
