import Foundation

/// A cell whose recurrent product reads `m = tanh(A h + a)` in place of h (Pascanu et al. 2014), for cells that read h nowhere else.
struct OracleTransition: OracleCell {
    let cell: any OracleCell
    let size: Int
    var gateCount: Int { cell.gateCount }
    var learnsOtherStates: Bool { cell.learnsOtherStates }
    var stateLetters: [String] { cell.stateLetters }

    func recurrentSize(units: Int) -> Int { size }

    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] { ["weight_mlp": [size, units], "bias_mlp": [size]] }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let m = sum(product(weights["weight_mlp"], h), weights["bias_mlp"]).map { tanh($0) }
        var step = cell.forward(x: x, h: m, c: c, weights: weights)
        step.given = (x, h)
        return step
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        var result = cell.backward(step, dh: dh, dc: dc, weights: weights, gradient: &gradient)
        let m = step.hPrevious
        let d = m.indices.map { result.dhPrevious[$0] * (1 - m[$0] * m[$0]) }
        addOuterProduct(d, step.given.h, to: &gradient["weight_mlp"])
        gradient["bias_mlp"] = sum(gradient["bias_mlp"], d)
        result.dhPrevious = transposedProduct(weights["weight_mlp"], d)
        return result
    }
}
