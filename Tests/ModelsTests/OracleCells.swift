import Foundation

/// The weights of one recurrent layer under torch.nn's names, or their gradients.
struct OracleWeights {
    var inputWeight: [Double]  // [G*H, I]
    var hiddenWeight: [Double]  // [G*H, H], or none
    var inputBias: [Double]  // [G*H]
    var hiddenBias: [Double]  // [G*H], or none
    var unitVector: [Double] = []  // [H], or none
    var own: [String: [Double]] = [:]  // the cell's own, by name without the number of the layer

    /// Zero weights of the same shapes, for summing gradients.
    var zeroed: OracleWeights {
        OracleWeights(
            inputWeight: inputWeight.map { _ in 0 }, hiddenWeight: hiddenWeight.map { _ in 0 },
            inputBias: inputBias.map { _ in 0 }, hiddenBias: hiddenBias.map { _ in 0 },
            unitVector: unitVector.map { _ in 0 }, own: own.mapValues { $0.map { _ in 0 } })
    }

    /// One of the cell's own parameters.
    subscript(name: String) -> [Double] {
        get { own[name] ?? [] }
        set { own[name] = newValue }
    }

    /// `W_ih x + b_ih`, [G*H].
    func inputSide(_ x: [Double]) -> [Double] { sum(product(inputWeight, x), inputBias) }

    /// `W_hh h + b_hh`, [G*H].
    func hiddenSide(_ h: [Double]) -> [Double] { sum(product(hiddenWeight, h), hiddenBias) }

    /// Adds the gradients of a step from dInput, the gradient of `inputSide(x)`, and dHidden, that of `hiddenSide(h)`.
    mutating func add(dInput: [Double], x: [Double], dHidden: [Double], h: [Double]) {
        add(dInput: dInput, x: x)
        addOuterProduct(dHidden, h, to: &hiddenWeight)
        hiddenBias = sum(hiddenBias, dHidden)
    }

    /// Adds the gradients of a step for a cell whose gates do not depend on h.
    mutating func add(dInput: [Double], x: [Double]) {
        addOuterProduct(dInput, x, to: &inputWeight)
        inputBias = sum(inputBias, dInput)
    }
}

/// One time step of one layer for one stream: inputs, results, and values for its backward pass.
struct OracleStep {
    let x: [Double]  // [I]
    let hPrevious: [Double]  // [H]
    let cPrevious: [Double]  // [H], for the LSTM only
    var gates: [Double]  // [G*H], after their activations
    var hiddenCandidate: [Double] = []  // [H], W_hn h + b_hn of the GRU with the reset after the product
    var given: (x: [Double], h: [Double]) = ([], [])  // before the rounds of a Mogrifier
    var h: [Double]  // [O]
    var c: [Double]  // [H]
}

/// The gradients that a step passes to its input and to the previous step.
struct OracleStepGradient {
    var dx: [Double]  // [I]
    var dhPrevious: [Double]  // [H]
    var dcPrevious: [Double]  // [H]
}

/// A recurrent cell in Double, directly from its equations, one stream and one time step at a time.
protocol OracleCell: Sendable {
    /// G, the number of gates whose weights are stacked.
    var gateCount: Int { get }
    /// Whether there are recurrent weights. Default: true.
    var hasRecurrentWeights: Bool { get }
    /// The name of the cell's parameter `[H]` besides weights and biases, without the layer's index. Default: none.
    var unitVector: String? { get }
    /// The number of states besides h; their values form the c of an `OracleStep`. Default: one, which only an LSTM uses.
    var otherStates: Int { get }
    /// Floats of c of a layer; the default is that of `otherStates` states of as many values as units.
    func otherStateSize(inputs: Int, units: Int) -> Int
    /// Whether h depends on what the layer read before the step.
    var hasMemory: Bool { get }
    /// Whether the initial state may be learned at all.
    var learnsFirstState: Bool { get }
    /// Whether these states are also parameters if the initial state is learned.
    var learnsOtherStates: Bool { get }
    /// The letters of all states, of which `h` is the first.
    var stateLetters: [String] { get }
    /// How many steps back the layer reads h, besides one step.
    var timeSkips: [Int] { get }
    /// Columns of h for a layer with `units` units; the default is as many.
    func outputSize(units: Int) -> Int
    /// Columns of what the recurrent weights multiply; the default is that of h.
    func recurrentSize(units: Int) -> Int
    /// Shapes of the cell's own parameters, by name without the number of the layer; the default is none.
    func ownShapes(inputs: Int, units: Int) -> [String: [Int]]
    /// h from the initial state of an epoch, and the derivative of h by that state. Default: h is the state.
    func start(_ state: Double) -> (h: Double, slope: Double)
    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep
    /// dh and dc are the total gradients of the step's results. Weight gradients are added to `gradient`.
    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient
}

extension OracleCell {
    var hasRecurrentWeights: Bool { true }
    var unitVector: String? { nil }
    var otherStates: Int { 1 }
    var hasMemory: Bool { true }
    var learnsFirstState: Bool { true }
    var learnsOtherStates: Bool { false }
    var stateLetters: [String] { ["h"] }
    var timeSkips: [Int] { [] }
    func otherStateSize(inputs: Int, units: Int) -> Int { otherStates * units }
    func outputSize(units: Int) -> Int { units }
    func recurrentSize(units: Int) -> Int { outputSize(units: units) }
    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] { [:] }
    func start(_ state: Double) -> (h: Double, slope: Double) { (state, 1) }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// `h' = f(W_ih x + b_ih + W_hh h + b_hh)` (Elman 1990).
struct OracleElman: OracleCell {
    enum Nonlinearity: String, Sendable {
        case tanh, relu, sigmoid

        func callAsFunction(_ a: Double) -> Double {
            switch self {
            case .tanh: Foundation.tanh(a)
            case .relu: max(a, 0)
            case .sigmoid: ModelsTests.sigmoid(a)
            }
        }

        /// The derivative as a function of the value y.
        func derivative(_ y: Double) -> Double {
            switch self {
            case .tanh: 1 - y * y
            case .relu: y > 0 ? 1 : 0
            case .sigmoid: y * (1 - y)
            }
        }
    }

    let nonlinearity: Nonlinearity
    let gateCount = 1

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let next = sum(weights.inputSide(x), weights.hiddenSide(h)).map { nonlinearity($0) }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: next, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let dGates = dh.indices.map { dh[$0] * nonlinearity.derivative(step.h[$0]) }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: transposedProduct(weights.hiddenWeight, dGates), dcPrevious: dc)
    }
}

/// Gates i, f, g, o; `c' = f c + i g`, `h' = o tanh(c')` (Hochreiter & Schmidhuber 1997, forget gate of Gers et al. 2000).
struct OracleLSTM: OracleCell {
    let gateCount = 4
    let learnsOtherStates = true
    let stateLetters = ["h", "c"]
    var timeSkips: [Int] = []

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let size = c.count
        var gates = sum(weights.inputSide(x), weights.hiddenSide(h))
        for j in gates.indices {
            gates[j] = j / size == 2 ? tanh(gates[j]) : sigmoid(gates[j])
        }
        let cNext = (0..<size).map { gates[size + $0] * c[$0] + gates[$0] * gates[2 * size + $0] }
        let hNext = (0..<size).map { gates[3 * size + $0] * tanh(cNext[$0]) }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: gates, h: hNext, c: cNext)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var dGates = [Double](repeating: 0, count: 4 * size)
        var dcPrevious = dc
        for j in 0..<size {
            let (i, f, g, o) = (step.gates[j], step.gates[size + j], step.gates[2 * size + j], step.gates[3 * size + j])
            let tanhC = tanh(step.c[j])
            let dcTotal = dc[j] + dh[j] * o * (1 - tanhC * tanhC)
            dGates[j] = dcTotal * g * i * (1 - i)
            dGates[size + j] = dcTotal * step.cPrevious[j] * f * (1 - f)
            dGates[2 * size + j] = dcTotal * i * (1 - g * g)
            dGates[3 * size + j] = dh[j] * tanhC * o * (1 - o)
            dcPrevious[j] = dcTotal * f
        }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: transposedProduct(weights.hiddenWeight, dGates), dcPrevious: dcPrevious)
    }
}
