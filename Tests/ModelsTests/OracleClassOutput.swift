import Foundation

/// `log softmax(W_c h)[class] + log softmax(W h over the tokens of the class)[w]`; token w is in class `floor(C sqrt(w / V))`.
struct OracleClassOutput: OracleOutput {
    let classes: Int
    var direct: OracleDirect?

    /// The tokens of each class that has any.
    private func members(_ V: Int) -> [[Int]] {
        let numbers = (0..<V).map { w in (0..<classes).last { $0 * $0 * V <= w * classes * classes } ?? 0 }
        return (0..<classes).map { c in (0..<V).filter { numbers[$0] == c } }.filter { !$0.isEmpty }
    }

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        var counts = ["decoder.class.weight": members(V).count * H, "decoder.weight": V * H]
        if let direct {
            let (C, W) = columns(members(V))
            counts["decoder.class.direct.weight"] = direct.rowCount(columns: C, parts: 2) * C
            counts["decoder.direct.weight"] = direct.rowCount(columns: W, parts: 2) * W
        }
        return counts
    }

    /// Columns of the tables of direct weights: classes, and tokens of the largest class.
    private func columns(_ members: [[Int]]) -> (C: Int, W: Int) { (members.count, members.map(\.count).max()!) }

    /// The direct weights' rows for the classes, or for the tokens of a class.
    private func rows(_ direct: OracleDirect, ofClass c: Int? = nil, _ model: OracleModel) -> [Int] {
        let (C, W) = columns(members(model.vocabularySize))
        return direct.rows(model.context, of: c ?? 0, rowCount: direct.rowCount(columns: c == nil ? C : W, parts: 2))
    }

    private func headLogs(_ h: [Double], _ model: OracleModel) -> [Double] {
        let logits = product(model.parameter("decoder.class.weight"), h)
        guard let direct else { return logSoftmax(logits) }
        let table = model.parameter("decoder.class.direct.weight")
        return logSoftmax(sum(logits, direct.sum(table, rows(direct, model), columns: logits.count, count: logits.count)))
    }

    private func logs(_ h: [Double], _ c: Int, _ tokens: [Int], _ model: OracleModel) -> [Double] {
        let weight = model.parameter("decoder.weight")
        let logits = tokens.map { w in h.indices.reduce(0) { $0 + weight[w * h.count + $1] * h[$1] } }
        guard let direct else { return logSoftmax(logits) }
        let table = model.parameter("decoder.direct.weight")
        let W = columns(members(model.vocabularySize)).W
        return logSoftmax(sum(logits, direct.sum(table, rows(direct, ofClass: c, model), columns: W, count: logits.count)))
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        let head = headLogs(h, model)
        return members(model.vocabularySize).enumerated().flatMap { c, tokens in
            logs(h, c, tokens, model).map { head[c] + $0 }
        }
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let members = members(model.vocabularySize)
        let c = members.firstIndex { $0.contains(target) }!
        let head = headLogs(h, model)
        let dHead = crossEntropyGradient(head, target: c, weight: weight)
        gradients.add("decoder.class.weight") { addOuterProduct(dHead, h, to: &$0) }
        var dh = transposedProduct(model.parameter("decoder.class.weight"), dHead)
        let logs = logs(h, c, members[c], model)
        let place = members[c].firstIndex(of: target)!
        let dLogits = crossEntropyGradient(logs, target: place, weight: weight)
        if let direct {
            gradients.add("decoder.class.direct.weight") {
                direct.addGradient(dHead, rows(direct, model), columns: dHead.count, to: &$0)
            }
            gradients.add("decoder.direct.weight") {
                direct.addGradient(dLogits, rows(direct, ofClass: c, model), columns: columns(members).W, to: &$0)
            }
        }
        let W = model.parameter("decoder.weight")
        for (w, d) in zip(members[c], dLogits) {
            for i in h.indices { dh[i] += d * W[w * h.count + i] }
            gradients.add("decoder.weight") { for i in h.indices { $0[w * h.count + i] += d * h[i] } }
        }
        return (-weight * (head[c] + logs[place]), dh)
    }
}
