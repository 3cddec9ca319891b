import Foundation
import Kinds
import Layers
import Models
import Tensors
import TestSupport
import Testing

/// Batches of sequences of unequal length from PyTorch, written by `Tests/Reference/sequences.py`, whose header describes each field.
private struct SequenceFixture: Decodable {
    struct Dimensions: Decodable {
        let T: Int, B: Int, E: Int, H: Int, V: Int, L: Int, C: Int
    }
    struct Result: Decodable {
        let loss: Double
        let losses: [Double]
        let gradients: [String: [Double]]
    }

    let dimensions: Dimensions
    let parameters: [String: GoldenFixture.Parameter]
    let inputs: [Int]
    let lengths: [Int]
    let labels: [Int]
    let targets: [Int]
    let classifier: Result
    let languageModel: Result

    static func load() throws -> SequenceFixture {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        return try JSONDecoder().decode(
            SequenceFixture.self, from: Data(contentsOf: folder.appendingPathComponent("sequences.json")))
    }

    /// Whether row `t * B + b` is the last of its sequence, and whether it is one of its rows.
    func isLast(_ row: Int) -> Bool { row / dimensions.B == lengths[row % dimensions.B] - 1 }
    func isReal(_ row: Int) -> Bool { row / dimensions.B < lengths[row % dimensions.B] }

    /// Targets and mask of the classifier, `[T, B]`.
    var labelled: (targets: [Int], mask: [Double]) {
        (inputs.indices.map { isLast($0) ? labels[$0 % dimensions.B] : 0 }, inputs.indices.map { isLast($0) ? 1 : 0 })
    }

    func shape(outputSize: Int?) -> ModelShape {
        ModelShape(
            cell: .lstm, layers: dimensions.L, vocabularySize: dimensions.V, outputSize: outputSize,
            embeddingSize: dimensions.E, hiddenSize: dimensions.H)
    }
}

@Suite("Sequences of unequal length", .serialized)
struct SequenceModelTests {
    /// A model with the fixture's parameters, of which `output` are those of the output layer.
    private func model(_ fixture: SequenceFixture, output: String, outputSize: Int?, shards: Int) throws -> OwnedModel {
        let size = fixture.dimensions
        let owned = OwnedModel(
            shape: fixture.shape(outputSize: outputSize), steps: size.T, streams: size.B, shards: shards, keepsLogits: shards == 1
        )
        for (name, parameter) in fixture.parameters {
            let parts = name.split(separator: ".")
            if parts[0] == output {
                try owned.set("decoder.\(parts[1])", parameter.values)
            } else if ["encoder", "rnn"].contains(parts[0]) {
                try owned.set(name, parameter.values)
            }
        }
        return owned
    }

    private func compare(
        _ fixture: SequenceFixture, output: String, outputSize: Int?, targets: [Int], mask: [Double],
        expected: SequenceFixture.Result
    ) throws {
        try Processor.atEachLevel { level in
            for shards in [1, 3] {
                let owned = try model(fixture, output: output, outputSize: outputSize, shards: shards)
                let loss = owned.run(
                    inputs: fixture.inputs, targets: targets, mask: mask, steps: fixture.dimensions.T, atEpochStart: true)
                #expect(relativeDistance([loss], from: [expected.loss]) < 1e-5, "\(level), \(shards) shards: \(loss)")
                for (name, values) in expected.gradients {
                    let own = name.hasPrefix(output + ".") ? "decoder" + name.dropFirst(output.count) : name
                    let error = relativeDistance(try owned.gradient(own), from: values)
                    #expect(error < 1e-4, "\(level), \(shards) shards, \(name): relative error \(error)")
                }
            }
        }
    }

    @Test("A classifier of last hidden states has the loss and the gradients of PyTorch's packed sequences")
    func classifier() throws {
        let fixture = try SequenceFixture.load()
        let (targets, mask) = fixture.labelled
        try compare(
            fixture, output: "classifier", outputSize: fixture.dimensions.C, targets: targets, mask: mask,
            expected: fixture.classifier)
    }

    @Test("A language model on padded sentences has the loss and the gradients of PyTorch's packed sequences")
    func languageModel() throws {
        let fixture = try SequenceFixture.load()
        try compare(
            fixture, output: "decoder", outputSize: nil, targets: fixture.targets,
            mask: fixture.inputs.indices.map { fixture.isReal($0) ? 1 : 0 }, expected: fixture.languageModel)
    }

    @Test("Hits are the rows whose largest logit is the target's, and are counted where the mask is 1")
    func hits() throws {
        let fixture = try SequenceFixture.load()
        let size = fixture.dimensions
        let owned = try model(fixture, output: "classifier", outputSize: size.C, shards: 1)
        let (targets, mask) = fixture.labelled
        _ = owned.run(inputs: fixture.inputs, targets: targets, mask: mask, steps: size.T, atEpochStart: true)
        owned.model.resetState()
        owned.model.forward(fixture.inputs.map(Int32.init), steps: size.T)
        let logits = owned.model.logits()
        var hits = [Double](repeating: -1, count: targets.count)
        owned.model.markHits(targets: targets.map(Int32.init), mask: mask.map { Float($0) }, into: &hits)
        for row in targets.indices {
            let values = (0..<size.C).map { logits.pointer[row * logits.rowStride + $0] }
            let best = values.indices.max { values[$0] < values[$1] }
            #expect(hits[row] == (mask[row] == 1 && best == targets[row] ? 1 : 0))
        }
        #expect(hits.reduce(0, +) < mask.reduce(0, +), "the fixture has hits and misses")
    }

    @Test("The oracle's gradients of a loss at the last token alone equal central differences")
    func centralDifferences() throws {
        var random = SeededRandom(state: 5)
        let (V, E, H, C, L) = (7, 5, 4, 3, 2)
        var counts = ["encoder.weight": V * E, "decoder.weight": C * H, "decoder.bias": C]
        for k in 0..<L {
            counts["rnn.weight_ih_l\(k)"] = 4 * H * (k == 0 ? E : H)
            counts["rnn.weight_hh_l\(k)"] = 4 * H * H
            counts["rnn.bias_ih_l\(k)"] = 4 * H
            counts["rnn.bias_hh_l\(k)"] = 4 * H
        }
        var parameters: [String: [Double]] = [:]
        for name in counts.keys.sorted() { parameters[name] = random.uniform(counts[name] ?? 0) }
        var model = OracleModel(parameters: parameters, cell: OracleLSTM(), batchSize: 2, tokenCount: V)
        let inputs = [3, 6, 1, 2, 5, 0]
        let (targets, mask) = ([0, 0, 0, 2, 1, 0], [0.0, 0, 0, 1, 1, 0])  // of 3 and 2 tokens
        let found = model.lossAndGradients(inputs: inputs, targets: targets, mask: mask, state: nil)
        let step = 1e-5
        for (name, values) in parameters {
            var expected = values
            for index in values.indices {
                func loss(_ value: Double) -> Double {
                    model.parameters[name]?[index] = value
                    return model.lossAndGradients(inputs: inputs, targets: targets, mask: mask, state: nil).loss
                }
                expected[index] = (loss(values[index] + step) - loss(values[index] - step)) / (2 * step)
                model.parameters[name]?[index] = values[index]
            }
            let error = relativeDistance(found.gradients[name] ?? [], from: expected)
            #expect(error < 1e-6, "\(name): relative error \(error)")
        }
    }
}
