import Foundation

/// `log sum_k pi_k softmax(W g_k + b)[w]` with `pi = softmax(W_p h)` and `g_k = tanh(W_k h + b_k)`.
struct OracleMixtureOutput: OracleOutput {
    let count: Int

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        [
            "decoder.prior.weight": count * H, "decoder.latent.weight": count * H * H, "decoder.latent.bias": count * H,
            "decoder.weight": V * H, "decoder.bias": V,
        ]
    }

    private struct Parts {
        let prior: [Double]  // probabilities, [K]
        let contexts: [[Double]]  // [K][H]
        let softmaxes: [[Double]]  // probabilities, [K][V]

        func probability(_ w: Int) -> Double { prior.indices.reduce(0) { $0 + prior[$1] * softmaxes[$1][w] } }
    }

    private func parts(_ h: [Double], _ model: OracleModel) -> Parts {
        let latent = sum(product(model.parameter("decoder.latent.weight"), h), model.parameter("decoder.latent.bias"))
        let contexts = (0..<count).map { k in latent[(k * h.count)..<((k + 1) * h.count)].map { tanh($0) } }
        return Parts(
            prior: logSoftmax(product(model.parameter("decoder.prior.weight"), h)).map { exp($0) }, contexts: contexts,
            softmaxes: contexts.map {
                logSoftmax(sum(product(model.parameter("decoder.weight"), $0), model.parameter("decoder.bias"))).map { exp($0) }
            })
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        let parts = parts(h, model)
        return (0..<model.vocabularySize).map { log(parts.probability($0)) }
    }

    /// The derivatives of `-log p`, straight from the product rule.
    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let parts = parts(h, model)
        let p = parts.probability(target)
        let dProbability = -weight / p
        let products = (0..<count).reduce(0) { $0 + parts.prior[$1] * parts.softmaxes[$1][target] }
        let dPrior = (0..<count).map { dProbability * parts.prior[$0] * (parts.softmaxes[$0][target] - products) }
        gradients.add("decoder.prior.weight") { addOuterProduct(dPrior, h, to: &$0) }
        var dLatent: [Double] = []
        for k in 0..<count {
            let (g, q) = (parts.contexts[k], parts.softmaxes[k])
            let dLogits = q.indices.map { w in dProbability * parts.prior[k] * q[target] * ((w == target ? 1 : 0) - q[w]) }
            gradients.add("decoder.weight") { addOuterProduct(dLogits, g, to: &$0) }
            gradients.add("decoder.bias") { $0 = sum($0, dLogits) }
            let dG = transposedProduct(model.parameter("decoder.weight"), dLogits)
            dLatent += g.indices.map { dG[$0] * (1 - g[$0] * g[$0]) }
        }
        gradients.add("decoder.latent.weight") { addOuterProduct(dLatent, h, to: &$0) }
        gradients.add("decoder.latent.bias") { $0 = sum($0, dLatent) }
        return (
            -weight * log(p),
            sum(
                transposedProduct(model.parameter("decoder.prior.weight"), dPrior),
                transposedProduct(model.parameter("decoder.latent.weight"), dLatent))
        )
    }
}
