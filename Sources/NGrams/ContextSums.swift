import Failures

/// Checks that the probabilities of an n-gram model sum to 1 after each context, by which damaged probabilities and backoff weights show.
///
/// The sum after the context h is `s(h) = sum p(w | h) + b(h) (s(h') - sum p(w | h'))`, both sums over the words w that follow h in the model, with
/// the backoff weight b and the context h' without its first word; s of no context is the sum over all words. Nothing follows `</s>`.
/// Cost: a search or two for each n-gram, and 4 bytes for each n-gram that is not of the highest order.
struct ContextSums {
    /// By how much a sum may differ from 1: far more than by the rounding of a file's logarithms, which is about 0.00001.
    static let tolerance = 0.001

    private let model: NGramModel
    /// The words of the context, and the n-grams of its last k words at index k - 1; nil where the model has none.
    private var words: [Int32] = []
    private var nodes: [Int?] = []
    /// The sums so far: by the length of the context, less 1, and its n-gram; NaN if unknown.
    private var known: [[Float]] = []
    /// The sum over all words.
    private let whole: Double
    private(set) var worst: (words: [Int32], sum: Double)?
    private(set) var faultCount = 0

    init(_ model: NGramModel) {
        self.model = model
        whole = model.wordProbabilities.reduce(0, +)
        note(whole)
        guard model.order > 1 else { return }
        known = model.levels.dropLast().map { [Float](repeating: .nan, count: $0.logarithms.count) }
        for word in model.levels[0].logarithms.indices { visit(word, Int32(word), suffixes: []) }
    }

    /// Compares the sum after the current context, and records the worst one: of equal ones up to rounding, the first.
    private mutating func note(_ sum: Double) {
        guard !(abs(sum - 1) <= Self.tolerance) else { return }
        faultCount += 1
        if let worst, abs(worst.sum - 1) >= abs(sum - 1) * (1 - 1e-5) { return }
        worst = (words, sum)
    }

    /// Checks the context that ends with `word` at `node`, and those that continue it. `suffixes` are the n-grams of its last k words for all
    /// k below its length.
    private mutating func visit(_ node: Int, _ word: Int32, suffixes: [Int?]) {
        words.append(word)
        defer { words.removeLast() }
        let depth = suffixes.count  // of the context's table
        guard word != model.vocabulary.endOfLineID else { return }
        note(sum(after: node, suffixes[...]))
        guard depth + 2 < model.order else { return }
        for child in model.levels[depth].children(of: node) {
            let next = model.levels[depth + 1].words[child]
            visit(child, next, suffixes: successors(of: suffixes, next))
        }
    }

    /// The sum after the context `node`. `suffixes` are the n-grams of its last k words for all k below its length.
    private mutating func sum(after node: Int, _ suffixes: ArraySlice<Int?>) -> Double {
        let depth = suffixes.count
        if !known[depth][node].isNaN { return Double(known[depth][node]) }
        var shorter = whole
        if let length = suffixes.lastIndex(where: { $0 != nil }), let suffix = suffixes[length] {
            shorter = sum(after: suffix, suffixes[..<length])
        }
        let (own, lower) = sums(model.levels[depth].children(of: node), at: depth, suffixes)
        let sum = own + CommonLogarithm.power(Double(model.levels[depth].backoffs[node])) * (shorter - lower)
        known[depth][node] = Float(sum)
        return sum
    }

    /// The n-grams of the last k words after `word` has been added to contexts with these n-grams.
    private func successors(of contexts: [Int?], _ word: Int32) -> [Int?] {
        [Int(word)] + contexts.enumerated().map { index, node in node.flatMap { child(of: $0, word, in: index) } }
    }

    private func child(of node: Int, _ word: Int32, in level: Int) -> Int? {
        model.levels[level + 1].find(word, in: model.levels[level].children(of: node))
    }

    /// The sums of p(w | h) and of p(w | h') over the words that follow h.
    private func sums(_ children: Range<Int>, at depth: Int, _ suffixes: ArraySlice<Int?>) -> (own: Double, lower: Double) {
        let level = model.levels[depth + 1]
        var (own, lower) = (0.0, 0.0)
        for child in children {
            own += CommonLogarithm.power(Double(level.logarithms[child]))
            lower += CommonLogarithm.power(logarithm(level.words[child], after: suffixes))
        }
        return (own, lower)
    }

    /// log10 p of a word after the context with these n-grams.
    private func logarithm(_ word: Int32, after suffixes: ArraySlice<Int?>) -> Double {
        var backoff = 0.0
        for (index, node) in suffixes.enumerated().reversed() {
            guard let node else { continue }
            if let child = child(of: node, word, in: index) {
                return Double(model.levels[index + 1].logarithms[child]) + backoff
            }
            backoff += Double(model.levels[index].backoffs[node])
        }
        return Double(model.levels[0].logarithms[Int(word)]) + backoff
    }
}

extension NGramModel {
    /// That the probabilities after some contexts do not sum to 1, with the worst one; nil if all do. Cost: a search or two for each n-gram.
    public var normalizationFault: String? {
        let sums = ContextSums(self)
        guard let (words, sum) = sums.worst else { return nil }
        let names = words.map { $0 == start ? "<s>" : vocabulary.symbol(of: $0) }
        let place = words.isEmpty ? "of all words" : "after '\(value: names.joined(separator: " "))'"
        let others = sums.faultCount - 1
        return "the probabilities \(place) sum to \(NumberText.significant(sum)), and not to 1"
            + (others > 0 ? "; \(NumberText.counted(others, "other sum")) \(others == 1 ? "is" : "are") wrong, too" : "")
    }
}
