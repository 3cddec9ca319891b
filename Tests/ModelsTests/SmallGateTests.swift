import TestSupport
import Testing

@Suite("Gates near 0")
struct SmallGateTests {
    @Test(
        "The quotients of minlstm are those of gates that single precision cannot store, forward and backward",
        arguments: [-3.0, -39, -41, -75, -90, -150, -300])
    func quotients(bias: Double) throws {
        let size = (T: 5, B: 2, V: 11, E: 6, H: 9)
        let test = ShapeCase("minlstm", .init(rawValue: "minlstm")!, OracleMinLSTM(), layers: 1)
        let owned = OwnedModel(shape: test.shape, steps: size.T, streams: size.B)
        var random = SeededRandom(state: 5)
        var parameters: [String: [Double]] = [:]
        for entry in owned.layout.entries {
            var values = random.uniform(entry.count).map { Double(Float($0)) }
            if entry.name == "rnn.bias_ih_l0" { for gate in 0..<2 * size.H { values[gate] = Double(Float(values[gate] + bias)) } }
            parameters[entry.name] = values
            try owned.set(entry.name, values)
        }
        let tokens = (0..<2 * size.T * size.B).map { _ in Int.random(in: 0..<size.V, using: &random) }
        let (inputs, targets) = (Array(tokens.prefix(size.T * size.B)), Array(tokens.suffix(size.T * size.B)))
        let mask = [Double](repeating: 1, count: size.T * size.B)
        let oracle = OracleModel(parameters: parameters, cell: OracleMinLSTM(), batchSize: size.B)
        let expected = oracle.lossAndGradients(inputs: inputs, targets: targets, mask: mask, state: nil)
        let loss = owned.run(inputs: inputs, targets: targets, mask: mask, steps: size.T, atEpochStart: true)
        // A gate is the exponential of a sum, which single precision rounds to one part in 10^7 of the bias.
        let tolerance = 1e-6 * max(1, -bias)
        #expect(abs(loss - expected.loss) < tolerance, "\(loss), \(expected.loss)")
        for (name, gradient) in expected.gradients {
            let error = relativeDistance(try owned.gradient(name), from: gradient)
            #expect(error < 10 * tolerance, "\(name): relative error \(error)")
        }
    }
}
