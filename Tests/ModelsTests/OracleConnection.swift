/// How the output of a layer, h, and what it reads, x, are combined into what is read above.
enum OracleConnection: String, Sendable {
    /// `y = h`.
    case stacked
    /// `y = x + h`, but not for the lowest layer.
    case residual
    /// `y = t h + (1 - t) x`, `t = s(W x + b)`, but not for the lowest layer.
    case highway
    /// `y = [x, h]`.
    case dense

    /// Columns of y.
    func outputSize(input: Int, layer: Int) -> Int { self == .dense ? input + layer : layer }

    /// Shapes of its parameters by name, without the number of the layer.
    func shapes(layer k: Int, size: Int) -> [String: [Int]] {
        self == .highway && k > 0 ? ["weight_highway": [size, size], "bias_highway": [size]] : [:]
    }

    func forward(_ x: [Double], _ h: [Double], layer k: Int, _ parameters: [String: [Double]]) -> [Double] {
        switch self {
        case .residual where k > 0: return sum(x, h)
        case .highway where k > 0:
            let t = gate(x, layer: k, parameters)
            return h.indices.map { t[$0] * h[$0] + (1 - t[$0]) * x[$0] }
        case .dense: return x + h
        case .stacked, .residual, .highway: return h
        }
    }

    /// The gradient of h, and the part of that of x that does not pass through the layer.
    func backward(
        _ dy: [Double], _ x: [Double], _ h: [Double], layer k: Int, _ parameters: [String: [Double]],
        _ gradients: inout [String: [Double]]
    ) -> (dh: [Double], dBelow: [Double]?) {
        switch self {
        case .residual where k > 0: return (dy, dy)
        case .highway where k > 0:
            let t = gate(x, layer: k, parameters)
            let dGate = h.indices.map { dy[$0] * (h[$0] - x[$0]) * t[$0] * (1 - t[$0]) }
            gradients.add("rnn.weight_highway_l\(k)") { addOuterProduct(dGate, x, to: &$0) }
            gradients.add("rnn.bias_highway_l\(k)") { $0 = sum($0, dGate) }
            let through = transposedProduct(parameters["rnn.weight_highway_l\(k)"] ?? [], dGate)
            return (elementProduct(dy, t), h.indices.map { dy[$0] * (1 - t[$0]) + through[$0] })
        case .dense: return (Array(dy[x.count...]), Array(dy[..<x.count]))
        case .stacked, .residual, .highway: return (dy, nil)
        }
    }

    private func gate(_ x: [Double], layer k: Int, _ parameters: [String: [Double]]) -> [Double] {
        let (weight, bias) = (parameters["rnn.weight_highway_l\(k)"] ?? [], parameters["rnn.bias_highway_l\(k)"] ?? [])
        return sum(product(weight, x), bias).map { sigmoid($0) }
    }
}
