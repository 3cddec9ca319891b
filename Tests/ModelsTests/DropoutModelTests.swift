import Layers
import Models
import Tensors
import Testing

@Suite("Dropout in the model")
struct DropoutModelTests {
    private let steps = 5
    private let streams = 3
    private let window = TokenWindow(steps: 5, streams: 3, vocabularySize: 11, seed: 21)

    /// The masks of each dropout layer, as the factors that `Dropout` applies to ones: [T, B, E], then [T, B, H] for each layer.
    private func masks(_ shape: ModelShape, probability: Float) -> [[Double]] {
        (0...shape.layers).map { place in
            let columns = shape.inputSize(ofLayer: place)
            let ones = [Float](repeating: 1, count: steps * streams * columns)
            if place == shape.layers, Cells.predictsClasses(shape.cell) { return ones.map(Double.init) }
            var mask = ones
            Dropout(probability: probability).apply(
                steps: shape.regularization.locksDropout ? 1 : steps, streams: streams, columns: columns, layer: place,
                key: Dropout.Key(seed: 77, step: 4, firstStream: 0), x: ones, y: &mask)
            let first = mask.prefix(streams * columns)
            if shape.regularization.locksDropout { mask = (0..<steps).flatMap { _ in first } }
            return mask.map(Double.init)
        }
    }

    private func oracle(_ sizes: ShapeCase, of rank: SimulatedRank) -> OracleModel {
        var parameters: [String: [Double]] = [:]
        for entry in rank.layout.entries {
            parameters[entry.name] = (0..<entry.count).map { Double(rank.values[entry.offset + $0]) }
        }
        return OracleModel(
            parameters: parameters, cell: sizes.oracleCell, output: sizes.oracleOutput,
            connection: OracleConnection(rawValue: sizes.shape.connection.rawValue)!,
            penalties: (Double(sizes.shape.regularization.activation), Double(sizes.shape.regularization.temporal)),
            batchSize: streams)
    }

    @Test("Loss and every gradient equal those of the oracle with the same masks", arguments: ShapeCase.all)
    func againstOracle(sizes: ShapeCase) {
        let rank = SimulatedRank(shape: sizes.shape, steps: steps, batchSize: streams, dropout: 0.4)
        rank.initialize()
        let losses = rank.run(window, step: 4)
        let expected = oracle(sizes, of: rank).lossAndGradients(
            inputs: window.inputs.map(Int.init), targets: window.targets.map(Int.init), mask: window.mask.map(Double.init),
            state: nil, dropout: masks(sizes.shape, probability: 0.4))
        let loss = losses.reduce(0, +) / Double(window.mask.reduce(0, +))
        #expect(abs(loss - expected.loss) < 1e-6 * expected.loss)
        for (name, gradient) in expected.gradients {
            let error = relativeDistance(rank.gradient(of: name).map(Double.init), from: gradient)
            #expect(error < 2e-6, "\(name): relative error \(error)")
        }
    }

    @Test("Without a key, as in evaluation, there is no dropout")
    func evaluation() {
        let shape = ModelShape(cell: .lstm, layers: 2, vocabularySize: 11, embeddingSize: 6, hiddenSize: 9)
        let (dropping, plain) = (
            SimulatedRank(shape: shape, steps: steps, batchSize: streams, dropout: 0.4),
            SimulatedRank(shape: shape, steps: steps, batchSize: streams)
        )
        for rank in [dropping, plain] {
            rank.initialize()
            rank.model.forward(window.inputs, steps: steps)
        }
        let (a, b) = (dropping.model.logits(), plain.model.logits())
        withExtendedLifetime((dropping, plain)) {
            #expect((0..<a.count).allSatisfy { a.pointer[$0] == b.pointer[$0] })
        }
    }
}
