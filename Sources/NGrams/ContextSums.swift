import Failures

/// Checks that the probabilities of an n-gram model sum to 1 after each context, by which damaged probabilities and backoff weights show.
///
/// The sum after the context h is `sum p(w | h) + b(h) (1 - sum p(w | h'))`, both over the words w that follow h in the model, with the backoff
/// weight b and the context h' without its first word. Nothing follows `</s>`. Cost: a search or two for each n-gram.
struct ContextSums {
    /// By how much a sum may differ from 1: far more than by the rounding of a file's logarithms, which is about 0.00001.
    static let tolerance = 0.001

    private let model: NGramModel
    /// The words of the context, and the n-grams of its last k words at index k - 1; nil where the model has none.
    private var words: [Int32] = []
    private var nodes: [Int?] = []
    private(set) var worst: (words: [Int32], sum: Double)?
    private(set) var faultCount = 0

    init(_ model: NGramModel) {
        self.model = model
        note(model.wordProbabilities.reduce(0, +))
        guard model.order > 1 else { return }
        for word in model.levels[0].logarithms.indices { visit(word, Int32(word), suffixes: []) }
    }

    /// Compares the sum after the current context, and records the worst one.
    private mutating func note(_ sum: Double) {
        guard !(abs(sum - 1) <= Self.tolerance) else { return }
        faultCount += 1
        if let worst, abs(worst.sum - 1) >= abs(sum - 1) { return }
        worst = (words, sum)
    }

    /// Checks the context that ends with `word` at `node`, and those that continue it. `suffixes` are the n-grams of its last k words for all
    /// k below its length.
    private mutating func visit(_ node: Int, _ word: Int32, suffixes: [Int?]) {
        words.append(word)
        defer { words.removeLast() }
        let depth = suffixes.count  // of the context's table
        guard word != model.vocabulary.endOfLineID else { return }
        let children = model.levels[depth].children(of: node)
        let (own, lower) = sums(children, at: depth, suffixes)
        note(own + CommonLogarithm.power(Double(model.levels[depth].backoffs[node])) * (1 - lower))
        guard depth + 2 < model.order else { return }
        for child in children {
            let next = model.levels[depth + 1].words[child]
            visit(child, next, suffixes: successors(of: suffixes, next))
        }
    }

    /// The n-grams of the last k words after `word` has been added to contexts with these n-grams.
    private func successors(of contexts: [Int?], _ word: Int32) -> [Int?] {
        [Int(word)] + contexts.enumerated().map { index, node in node.flatMap { child(of: $0, word, in: index) } }
    }

    private func child(of node: Int, _ word: Int32, in level: Int) -> Int? {
        model.levels[level + 1].find(word, in: model.levels[level].children(of: node))
    }

    /// The sums of p(w | h) and of p(w | h') over the words that follow h.
    private func sums(_ children: Range<Int>, at depth: Int, _ suffixes: [Int?]) -> (own: Double, lower: Double) {
        let level = model.levels[depth + 1]
        var (own, lower) = (0.0, 0.0)
        for child in children {
            own += CommonLogarithm.power(Double(level.logarithms[child]))
            lower += CommonLogarithm.power(logarithm(level.words[child], after: suffixes))
        }
        return (own, lower)
    }

    /// log10 p of a word after the context with these n-grams.
    private func logarithm(_ word: Int32, after suffixes: [Int?]) -> Double {
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
