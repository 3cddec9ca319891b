import Foundation

/// `log softmax(W_c h)[class] + log softmax(W h over the tokens of the class)[w]`; token w is in class `floor(C sqrt(w / V))`.
struct OracleClassOutput: OracleOutput {
    let classes: Int

    /// The tokens of each class that has any.
    private func members(_ V: Int) -> [[Int]] {
        let numbers = (0..<V).map { w in (0..<classes).last { $0 * $0 * V <= w * classes * classes } ?? 0 }
        return (0..<classes).map { c in (0..<V).filter { numbers[$0] == c } }.filter { !$0.isEmpty }
    }

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        ["decoder.class.weight": members(V).count * H, "decoder.weight": V * H]
    }

    private func logs(_ h: [Double], _ tokens: [Int], _ model: OracleModel) -> [Double] {
        let weight = model.parameter("decoder.weight")
        return logSoftmax(tokens.map { w in h.indices.reduce(0) { $0 + weight[w * h.count + $1] * h[$1] } })
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        let head = logSoftmax(product(model.parameter("decoder.class.weight"), h))
        return members(model.vocabularySize).enumerated().flatMap { c, tokens in
            logs(h, tokens, model).map { head[c] + $0 }
        }
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let members = members(model.vocabularySize)
        let c = members.firstIndex { $0.contains(target) }!
        let head = logSoftmax(product(model.parameter("decoder.class.weight"), h))
        let dHead = crossEntropyGradient(head, target: c, weight: weight)
        gradients.add("decoder.class.weight") { addOuterProduct(dHead, h, to: &$0) }
        var dh = transposedProduct(model.parameter("decoder.class.weight"), dHead)
        let logs = logs(h, members[c], model)
        let place = members[c].firstIndex(of: target)!
        let dLogits = crossEntropyGradient(logs, target: place, weight: weight)
        let W = model.parameter("decoder.weight")
        for (w, d) in zip(members[c], dLogits) {
            for i in h.indices { dh[i] += d * W[w * h.count + i] }
            gradients.add("decoder.weight") { for i in h.indices { $0[w * h.count + i] += d * h[i] } }
        }
        return (-weight * (head[c] + logs[place]), dh)
    }
}
