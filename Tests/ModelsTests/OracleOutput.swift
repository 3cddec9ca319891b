import Foundation

/// An output layer in Double: the loss of one prediction and its gradients, straight from the equations.
protocol OracleOutput: Sendable {
    /// The number of elements of each parameter, for V tokens and H hidden units; without the table that tied weights share.
    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int]

    /// `weight` times the loss, in nats, of `target` after `h` `[H]`, and that number's gradients: of `h`, which is returned, and of the
    /// parameters, which are added to `gradients`.
    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double])

    /// The log probability of each token after `h`, `[V]`.
    func logProbabilities(h: [Double], model: OracleModel) -> [Double]
}

/// `log softmax(W h + b)`, with the sum of direct weights of contexts.
struct OracleFullOutput: OracleOutput {
    var direct: OracleDirect?

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        var counts = tied ? ["decoder.bias": V] : ["decoder.weight": V * H, "decoder.bias": V]
        if let direct { counts["decoder.direct.weight"] = direct.rowCount(columns: V) * V }
        return counts
    }

    private func rows(_ direct: OracleDirect, _ model: OracleModel) -> [Int] {
        direct.rows(model.context, rowCount: direct.rowCount(columns: model.vocabularySize))
    }

    private func weightName(_ model: OracleModel) -> String { model.isTied ? "encoder.weight" : "decoder.weight" }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        var logits = sum(product(model.parameter(weightName(model)), h), model.parameter("decoder.bias"))
        if let direct {
            let V = logits.count
            logits = sum(
                logits, direct.sum(model.parameter("decoder.direct.weight"), rows(direct, model), columns: V, count: V))
        }
        return logSoftmax(logits)
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let logs = logProbabilities(h: h, model: model)
        let dLogits = crossEntropyGradient(logs, target: target, weight: weight)
        gradients.add("decoder.bias") { $0 = sum($0, dLogits) }
        if let direct {
            gradients.add("decoder.direct.weight") {
                direct.addGradient(dLogits, rows(direct, model), columns: dLogits.count, to: &$0)
            }
        }
        gradients.add(weightName(model)) { addOuterProduct(dLogits, h, to: &$0) }
        return (-weight * logs[target], transposedProduct(model.parameter(weightName(model)), dLogits))
    }
}

/// The logarithm of softmax(`logits`).
func logSoftmax(_ logits: [Double]) -> [Double] {
    let largest = logits.max() ?? 0
    let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    return logits.map { $0 - logSum }
}

/// The gradient of `weight` times the cross entropy by the logits: `weight * (p - onehot)`.
func crossEntropyGradient(_ logProbabilities: [Double], target: Int, weight: Double) -> [Double] {
    logProbabilities.indices.map { weight * (exp(logProbabilities[$0]) - ($0 == target ? 1 : 0)) }
}

extension [String: [Double]] {
    /// Changes the gradient of that name in place.
    mutating func add(_ name: String, _ change: (inout [Double]) -> Void) {
        change(&self[name, default: []])
    }
}
