import Layers
import Models
import Tensors
import Testing

import func Foundation.exp

@Suite("The initial parameters of a run")
struct InitializationTests {
    /// The parameters by name. The padding between them must remain unchanged.
    private func fill(
        _ kind: InitializationKind, _ shape: ModelShape, scale: Float = 0.1, forgetBias: Float = 0, seed: UInt64 = 1
    ) -> [String: [Float]] {
        let layout = shape.parameterLayout
        var values = [Float](repeating: 55, count: layout.elementCount)
        ParameterInitialization(kind: kind, scale: scale, forgetBias: forgetBias, seed: seed).fill(&values, layout)
        #expect(values.count { $0 == 55 } == layout.elementCount - layout.parameterCount)
        return Dictionary(
            uniqueKeysWithValues: layout.entries.map { ($0.name, Array(values[$0.offset..<($0.offset + $0.count)])) })
    }

    private func shape(_ cell: CellKind, hidden: Int = 20, tied: Bool = false) -> ModelShape {
        ModelShape(
            cell: cell, layers: Cells.predictsClasses(cell) ? 1 : 2, vocabularySize: 50, embeddingSize: tied ? hidden : 30,
            hiddenSize: hidden, tieWeights: tied)
    }

    private static let withRecurrentWeights = CellUnderTest.all.filter(\.oracle.hasRecurrentWeights).map(\.cell)

    private func gateCount(_ cell: CellKind) -> Int { shape(cell, hidden: 1).parameterLayout.entries[1].shape[0] }

    /// The `[hidden, hidden]` blocks of a recurrent matrix, one for each gate.
    private func blocks(_ weight: [Float], hidden: Int) -> [[Float]] {
        stride(from: 0, to: weight.count, by: hidden * hidden).map { Array(weight[$0..<($0 + hidden * hidden)]) }
    }

    @Test(
        "Orthogonal: each gate's recurrent block is orthogonal, and no two are alike", arguments: Self.withRecurrentWeights,
        [1, 2, 20, 33])
    func orthogonal(cell: CellKind, hidden: Int) throws {
        let parameters = fill(.orthogonal, shape(cell, hidden: hidden))
        let all = try (0..<2).flatMap { blocks(try #require(parameters["rnn.weight_hh_l\($0)"]), hidden: hidden) }
        #expect(all.count == 2 * gateCount(cell))
        for block in all {
            for i in 0..<hidden {
                for j in 0...i {
                    let dot = (0..<hidden).reduce(0.0) {
                        $0 + Double(block[i * hidden + $1]) * Double(block[j * hidden + $1])
                    }
                    #expect(abs(dot - (i == j ? 1 : 0)) < 1e-5, "rows \(i) and \(j)")
                }
            }
        }
        if hidden > 1 { #expect(Set(all).count == all.count) }
    }

    @Test("Orthogonal matrices are uniform over all, so determinants of both signs occur")
    func determinants() {
        let entries = (0..<40).map { fill(.orthogonal, shape(.elman, hidden: 1), seed: $0)["rnn.weight_hh_l0"]?.first }
        #expect(Set(entries) == [1, -1])
    }

    @Test("Identity: each gate's recurrent block is the identity", arguments: Self.withRecurrentWeights)
    func identity(cell: CellKind) throws {
        let weight = try #require(fill(.identity, shape(cell))["rnn.weight_hh_l1"])
        let expected = (0..<400).map { Float($0 / 20 == $0 % 20 ? 1 : 0) }
        #expect(blocks(weight, hidden: 20) == Array(repeating: expected, count: gateCount(cell)))
    }

    @Test("Orthogonal and identity: inputs are uniform (Glorot and Bengio), tables uniform in +-scale, biases zero")
    func others() {
        for kind in [InitializationKind.orthogonal, .identity] {
            for (name, values) in fill(kind, shape(.gru)) where !name.contains("weight_hh") {
                switch name {
                case "rnn.weight_ih_l0": expectUniform(values, limit: (Float(6) / (30 + 20)).squareRoot(), name)
                case "rnn.weight_ih_l1": expectUniform(values, limit: (Float(6) / (20 + 20)).squareRoot(), name)
                case "encoder.weight", "decoder.weight": expectUniform(values, limit: 0.1, name)
                default: #expect(values.allSatisfy { $0 == 0 }, "\(name)")
                }
            }
        }
    }

    @Test("Uniform: every parameter except time scales, including biases, is uniform in +-scale", arguments: CellKind.allCases)
    func uniform(cell: CellKind) {
        for (name, values) in fill(.uniform, shape(cell), scale: 0.25) where !name.hasPrefix("rnn.decay_") {
            expectUniform(values, limit: 0.25, name)
        }
    }

    @Test("Initial time scales are spread over their whole range, in every run", arguments: InitializationKind.allCases)
    func timeScales(kind: InitializationKind) throws {
        var leaky = shape(try #require(CellKind(rawValue: "leaky")))
        leaky.settings[CellSettings.timeScales] = .learned
        let rates = try #require(fill(kind, leaky)["rnn.rate_l1"])
        let scales = rates.map { 1 + exp(-Double($0)) }  // 1/a
        #expect(abs(scales[0] - 2) < 1e-6 && abs(scales[19] - 100) < 1e-3)
        let linear = shape(try #require(CellKind(rawValue: "rglru")))
        let decays = try #require(fill(kind, linear)["rnn.decay_l0"])
        let radii = decays.map { 1 / (1 + exp(Double($0))) }  // exp(-softplus(L))
        #expect(abs(radii[0] - 0.9) < 1e-6 && abs(radii[19] - 0.999) < 1e-6)
        for values in [rates, decays] {
            for (first, next) in zip(values, values.dropFirst()) {
                #expect(abs(first - next - (values[0] - values[19]) / 19) < 1e-5)
            }
        }
    }

    /// Within the limit and close to it on both sides, with mean and mean square within five standard deviations of those of a
    /// uniform distribution.
    private func expectUniform(_ values: [Float], limit: Float, _ name: String) {
        let n = Double(values.count)
        let scaled = values.map { Double($0 / limit) }
        #expect(scaled.allSatisfy { abs($0) <= 1 }, "\(name)")
        #expect(abs(scaled.reduce(0, +) / n) < 5 * (1 / 3 / n).squareRoot(), "\(name)")
        let meanSquare = scaled.reduce(0) { $0 + $1 * $1 } / n
        #expect(abs(meanSquare - 1.0 / 3) < 5 * (4.0 / 45 / n).squareRoot(), "\(name)")
        #expect(Set(values).count > values.count * 9 / 10, "\(name)")
    }

    @Test("The forget bias is added only to the LSTM's forget gates, in bias_ih", arguments: InitializationKind.allCases)
    func forgetBias(kind: InitializationKind) throws {
        let (plain, biased) = (fill(kind, shape(.lstm)), fill(kind, shape(.lstm), forgetBias: 1))
        for (name, values) in plain {
            let expected = values.enumerated().map { unit, value in
                name.hasPrefix("rnn.bias_ih_") && (20..<40).contains(unit) ? value + 1 : value
            }
            #expect(biased[name] == expected, "\(name)")
        }
        #expect(fill(kind, shape(.gru)) == fill(kind, shape(.gru), forgetBias: 1))
    }

    @Test("Equal seeds give equal parameters, different seeds different ones", arguments: InitializationKind.allCases)
    func seeds(kind: InitializationKind) {
        #expect(fill(kind, shape(.lstm), seed: 3) == fill(kind, shape(.lstm), seed: 3))
        #expect(fill(kind, shape(.lstm), seed: 3)["encoder.weight"] != fill(kind, shape(.lstm), seed: 4)["encoder.weight"])
    }
}
