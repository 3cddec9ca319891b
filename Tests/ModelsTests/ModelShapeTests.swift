import Layers
import Models
import Tensors
import Testing

@Suite("Names and shapes of parameters")
struct ModelShapeTests {
    private func described(_ shape: ModelShape) -> [String] {
        shape.parameterLayout.entries.map { "\($0.name) \($0.shape)" }
    }

    @Test("The parameters of an LSTM are those of torch.nn.Embedding, LSTM and Linear, with 4H rows")
    func lstm() {
        let shape = ModelShape(cell: .lstm, layers: 2, vocabularySize: 7, embeddingSize: 5, hiddenSize: 4)
        #expect(
            described(shape) == [
                "encoder.weight [7, 5]", "rnn.weight_ih_l0 [16, 5]", "rnn.weight_hh_l0 [16, 4]", "rnn.bias_ih_l0 [16]",
                "rnn.bias_hh_l0 [16]", "rnn.weight_ih_l1 [16, 4]", "rnn.weight_hh_l1 [16, 4]", "rnn.bias_ih_l1 [16]",
                "rnn.bias_hh_l1 [16]", "decoder.weight [7, 4]", "decoder.bias [7]",
            ])
        #expect(shape.parameterLayout.parameterCount == 35 + 80 + 64 + 32 + 128 + 32 + 28 + 7)
    }

    @Test("A GRU has 3H rows, an Elman cell H; learned states follow their layer", arguments: [CellKind.gru, .elman])
    func others(cell: CellKind) {
        let rows = cell == .gru ? 12 : 4
        let shape = ModelShape(
            cell: cell, layers: 1, vocabularySize: 7, embeddingSize: 5, hiddenSize: 4, initialState: .learned)
        #expect(
            described(shape) == [
                "encoder.weight [7, 5]", "rnn.weight_ih_l0 [\(rows), 5]", "rnn.weight_hh_l0 [\(rows), 4]",
                "rnn.bias_ih_l0 [\(rows)]", "rnn.bias_hh_l0 [\(rows)]", "rnn.h0_l0 [4]", "decoder.weight [7, 4]",
                "decoder.bias [7]",
            ])
    }

    @Test("Tied weights have no decoder.weight; an LSTM learns h and c")
    func tied() {
        let shape = ModelShape(
            cell: .lstm, layers: 1, vocabularySize: 7, embeddingSize: 4, hiddenSize: 4, tieWeights: true,
            initialState: .learned)
        #expect(described(shape).suffix(3) == ["rnn.h0_l0 [4]", "rnn.c0_l0 [4]", "decoder.bias [7]"])
    }

    @Test("Each parameter begins at a cache line, in order, and padding is less than a line")
    func offsets() {
        for sizes in ShapeCase.all {
            let layout = sizes.shape.parameterLayout
            var end = 0
            for entry in layout.entries {
                #expect(entry.offset % 16 == 0 && (end..<(end + 16)).contains(entry.offset), "\(entry.name)")
                end = entry.offset + entry.count
            }
            #expect(layout.elementCount % 16 == 0 && (end..<(end + 16)).contains(layout.elementCount))
            #expect(layout.entries.allSatisfy { layout.entry(named: $0.name) == $0 })
        }
    }

    @Test("The operations of a token in training are six times the number of weights of its products")
    func operations() {
        let shape = ModelShape(cell: .lstm, layers: 2, vocabularySize: 7, embeddingSize: 5, hiddenSize: 4)
        let work = shape.work { _ in 0 }
        #expect(work == TokenWork(weightCount: 16 * 9 + 16 * 8 + 28))
        #expect(work?.trainingOperations == 6 * Double(16 * 9 + 16 * 8 + 28))
    }

    @Test(
        "A model takes the bytes that were measured, and has the states", arguments: ShapeCase.all + [.manyTokens], [true, false])
    func measured(sizes: ShapeCase, training: Bool) {
        var shape = sizes.shape
        shape.dropout = 0.5
        for precision in [Precision.fp32, .bf16] {
            let build = BuildSettings(WindowCapacity(steps: 5, streams: 3, training: training), precision: precision)
            let needs = shape.needs(build)
            let workspace = Workspace()
            let values = workspace.allocate(Float.self, count: needs.parameters.elementCount)
            let parameters = ParameterSet(layout: needs.parameters, values: values, gradients: training ? [values] : [])
            let weights = PackedWeights(needs, values: values, in: workspace)
            let model = SequenceModel(shape, Builder(making: build, parameters: parameters, weights: weights))
            // The pointers to the gradients of parts of a weight are not measured: their number depends on the subtrees that the
            // rank publishes.
            #expect((0..<1000).contains(model.byteCount - needs.byteCount))
            #expect(model.states.map(\.name) == needs.states.map(\.name))
            #expect(model.states.map(\.matrix.columns) == needs.states.map(\.columns))
        }
    }

    @Test("Ranks share the output's gradients if those of the logits are smaller and fit into a cache")
    func sharing() {
        func shared(hidden: Int, ranks: Int, vocabulary: Int = 10000, tied: Bool = false) -> GradientSharing {
            ModelShape(
                cell: .lstm, layers: 2, vocabularySize: vocabulary, embeddingSize: hidden, hiddenSize: hidden, tieWeights: tied
            ).gradientSharing(steps: 35, streams: 20, rankCount: ranks)
        }
        #expect(shared(hidden: 466, ranks: 2) == .recurrent && shared(hidden: 467, ranks: 2) == .all)
        #expect(shared(hidden: 66, ranks: 8) == .recurrent && shared(hidden: 67, ranks: 8) == .all)
        #expect(shared(hidden: 650, ranks: 1) == .none && shared(hidden: 650, ranks: 8, tied: true) == .recurrent)
        #expect(shared(hidden: 650, ranks: 8, vocabulary: 11983) == .all)
        #expect(shared(hidden: 650, ranks: 8, vocabulary: 11984) == .recurrent)
    }
}
