import Foundation

/// `log softmax(W h)` over the head's tokens and the clusters, plus `log softmax(W_i P_i h)` within a cluster.
struct OracleAdaptiveOutput: OracleOutput {
    let cutoffs: [Int]
    let division: Int

    private func bounds(_ V: Int) -> [Int] { cutoffs.filter { $0 < V } + [V] }

    private func width(_ cluster: Int, hidden H: Int) -> Int {
        max(1, Int(Double(H) / pow(Double(division), Double(cluster + 1))))
    }

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        let bounds = bounds(V)
        var counts = ["decoder.head.weight": (bounds[0] + bounds.count - 1) * H]
        for i in 0..<(bounds.count - 1) {
            counts["decoder.tail.\(i).0.weight"] = width(i, hidden: H) * H
            counts["decoder.tail.\(i).1.weight"] = (bounds[i + 1] - bounds[i]) * width(i, hidden: H)
        }
        return counts
    }

    private func tail(_ i: Int, h: [Double], model: OracleModel) -> (projected: [Double], logs: [Double]) {
        let projected = product(model.parameter("decoder.tail.\(i).0.weight"), h)
        return (projected, logSoftmax(product(model.parameter("decoder.tail.\(i).1.weight"), projected)))
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        let bounds = bounds(model.vocabularySize)
        let head = logSoftmax(product(model.parameter("decoder.head.weight"), h))
        return head[..<bounds[0]]
            + (0..<(bounds.count - 1)).flatMap { i in tail(i, h: h, model: model).logs.map { head[bounds[0] + i] + $0 } }
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let bounds = bounds(model.vocabularySize)
        let cluster = bounds.firstIndex { target < $0 }! - 1  // -1: the head
        let head = logSoftmax(product(model.parameter("decoder.head.weight"), h))
        let headTarget = cluster < 0 ? target : bounds[0] + cluster
        let dHead = crossEntropyGradient(head, target: headTarget, weight: weight)
        gradients.add("decoder.head.weight") { addOuterProduct(dHead, h, to: &$0) }
        let dh = transposedProduct(model.parameter("decoder.head.weight"), dHead)
        if cluster < 0 { return (-weight * head[headTarget], dh) }
        let (first, second) = ("decoder.tail.\(cluster).0.weight", "decoder.tail.\(cluster).1.weight")
        let (projected, logs) = tail(cluster, h: h, model: model)
        let dLogits = crossEntropyGradient(logs, target: target - bounds[cluster], weight: weight)
        gradients.add(second) { addOuterProduct(dLogits, projected, to: &$0) }
        let dProjected = transposedProduct(model.parameter(second), dLogits)
        gradients.add(first) { addOuterProduct(dProjected, h, to: &$0) }
        return (
            -weight * (head[headTarget] + logs[target - bounds[cluster]]),
            sum(dh, transposedProduct(model.parameter(first), dProjected))
        )
    }
}
