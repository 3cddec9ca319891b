import Foundation

/// `log h[w]`: the topmost layer's output is the distribution.
struct OracleProbabilities: OracleOutput {
    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] { [:] }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] { h.map { log($0) } }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        (-weight * log(h[target]), h.indices.map { $0 == target ? -weight / h[target] : 0 })
    }
}
