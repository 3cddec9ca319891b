/// The preceding words, as an n-gram model uses them: the longest known context of each length.
public struct NGramContext {
    private let model: NGramModel
    /// The n-gram of the last k words in the table of order k, at index k - 1; nil if the model does not know it. `[order - 1]`
    private var nodes: [Int?]

    /// The beginning of a line: the context is `<s>`.
    public init(_ model: NGramModel) {
        self.model = model
        nodes = [Int?](repeating: nil, count: model.order - 1)
        startLine()
    }

    /// Sets the context to `<s>`.
    public mutating func startLine() {
        for index in nodes.indices { nodes[index] = index == 0 ? Int(model.start) : nil }
    }

    /// The surprisal of the next word, `-log p`, in nats. Moves on: after `</s>` to the beginning of the next line.
    public mutating func surprisal(of word: Int32) -> Double {
        var logarithm = Double(model.levels[0].logarithms[Int(word)])
        var backoff = 0.0
        // From short to long, so that a longer n-gram replaces what was found, and its context removes the backoffs of shorter ones.
        var found: [Int?] = []
        found.reserveCapacity(nodes.count)
        if !nodes.isEmpty { found.append(Int(word)) }
        for (index, node) in nodes.enumerated() {
            let child = node.flatMap { model.levels[index + 1].find(word, in: model.levels[index].children(of: $0)) }
            if let child {
                (logarithm, backoff) = (Double(model.levels[index + 1].logarithms[child]), 0)
            } else if let node {
                backoff += Double(model.levels[index].backoffs[node])
            }
            if index + 1 < nodes.count { found.append(child) }
        }
        nodes = found
        if word == model.vocabulary.endOfLineID { startLine() }
        return -(logarithm + backoff) * CommonLogarithm.nats
    }

    /// The distribution of the next word.
    ///
    /// Shapes: `probabilities` `[V]`, overwritten. Cost: one product for each word, and one power for each n-gram that extends the context.
    public func distribution(into probabilities: UnsafeMutablePointer<Double>) {
        // weights[k]: the product of the backoff weights of the contexts of more than k words.
        var weights = [Double](repeating: 1, count: nodes.count + 1)
        for index in nodes.indices.reversed() {
            let backoff = nodes[index].map { CommonLogarithm.power(Double(model.levels[index].backoffs[$0])) } ?? 1
            weights[index] = weights[index + 1] * backoff
        }
        let weight = weights[0]
        model.wordProbabilities.withUnsafeBufferPointer { words in
            for word in 0..<words.count { probabilities[word] = words[word] * weight }
        }
        let size = model.vocabulary.size
        for (index, node) in nodes.enumerated() {
            guard let node else { continue }
            let level = model.levels[index + 1]
            for child in model.levels[index].children(of: node) where Int(level.words[child]) < size {
                let probability = CommonLogarithm.power(Double(level.logarithms[child]))
                probabilities[Int(level.words[child])] = probability * weights[index + 1]
            }
        }
    }
}
