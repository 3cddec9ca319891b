import Foundation

/// Interpolated modified Kneser-Ney, directly from its equations, with dictionaries.
struct NaiveKneserNey {
    private let order: Int
    private let vocabulary: [String]
    /// Adjusted counts of the n-grams of each order, from 1.
    private var counts: [[[String]: Int]]
    private var occurrences: [[[String]: Int]]
    private let prune: [Int]
    private var discounts: [[Double]] = []

    init(_ lines: [[String]], order: Int, prune: [Int] = []) {
        (self.order, self.prune) = (order, prune)
        vocabulary = Array(Set(lines.joined())) + ["</s>", "<unk>"]
        occurrences = [[[String]: Int]](repeating: [:], count: order + 1)
        for line in lines {
            let words = ["<s>"] + line + ["</s>"]
            for end in 1..<words.count {
                for n in 1...order where end - n + 1 >= 0 { occurrences[n][Array(words[(end - n + 1)...end]), default: 0] += 1 }
            }
        }
        counts = occurrences
        for n in 1..<max(order, 1) {
            counts[n] = occurrences[n].filter { $0.key[0] == "<s>" }
            for longer in occurrences[n + 1].keys where longer[1] != "<s>" {
                counts[n][Array(longer.dropFirst()), default: 0] += 1
            }
        }
        for n in 1...order { discounts.append(Self.discounts(counts[n].values.map { $0 })) }
    }

    private static func discounts(_ counts: [Int]) -> [Double] {
        let n = (0...4).map { k in Double(counts.count { $0 == k }) }
        guard n[1] > 0, n[2] > 0, n[3] > 0 else { return [0, 0.5, 1, 1.5] }
        let y = n[1] / (n[1] + 2 * n[2])
        let values = [1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3]]
        let isValid = zip([1.0, 2, 3], values).allSatisfy { $1 >= 0 && $1 <= $0 }
        return isValid ? [0] + values : [0, 0.5, 1, 1.5]
    }

    private func isPruned(_ words: [String]) -> Bool {
        guard !prune.isEmpty else { return false }
        return occurrences[words.count][words, default: 0] <= prune[min(words.count, prune.count) - 1]
    }

    /// p(word | context). The context begins with `<s>` or is long enough.
    func probability(of word: String, after context: [String]) -> Double {
        let h = Array(context.suffix(order - 1))
        let lower = h.isEmpty ? 1 / Double(vocabulary.count) : probability(of: word, after: Array(h.dropFirst()))
        let followers = counts[h.count + 1].filter { Array($0.key.dropLast()) == h }
        guard !followers.isEmpty else { return lower }
        let total = Double(followers.values.reduce(0, +))
        let discount = discounts[h.count]
        let mass = followers.reduce(0.0) { sum, entry in
            sum + (isPruned(entry.key) ? Double(entry.value) : discount[min(entry.value, 3)])
        }
        let count = followers[h + [word], default: 0]
        let own = count > 0 && !isPruned(h + [word]) ? Double(count) - discount[min(count, 3)] : 0
        return own / total + mass / total * lower
    }

    /// log10 of the probability of each word of a line and of its end.
    func logarithms(_ line: [String]) -> [Double] {
        let words = line + ["</s>"]
        return words.indices.map { log10(probability(of: words[$0], after: ["<s>"] + words[..<$0])) }
    }
}
