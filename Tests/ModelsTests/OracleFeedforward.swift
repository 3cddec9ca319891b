import Foundation

extension OracleModel {
    var embeddingSize: Int {
        let reader =
            parameters["input_mlp.weight"] == nil
            ? ("rnn.weight_ih_l0", "rnn.bias_ih_l0") : ("input_mlp.weight", "input_mlp.bias")
        return parameter(reader.0).count / parameter(reader.1).count
    }

    /// `tanh(W x + b)` with the parameters of that name; `x` if the model does not have them.
    func hidden(_ name: String, _ x: [Double]) -> [Double] {
        guard let weight = parameters["\(name).weight"] else { return x }
        return sum(product(weight, x), parameter("\(name).bias")).map { tanh($0) }
    }

    /// The gradient of `x` from that of `y = hidden(x)`. Adds those of the parameters.
    func hiddenBackward(
        _ name: String, x: [Double], y: [Double], dy: [Double], _ gradients: inout [String: [Double]]
    ) -> [Double] {
        guard let weight = parameters["\(name).weight"] else { return dy }
        let d = y.indices.map { dy[$0] * (1 - y[$0] * y[$0]) }
        gradients.add("\(name).weight") { addOuterProduct(d, x, to: &$0) }
        gradients.add("\(name).bias") { $0 = sum($0, d) }
        return transposedProduct(weight, d)
    }
}
