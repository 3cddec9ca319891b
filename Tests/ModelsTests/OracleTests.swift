import Foundation
import TestSupport
import Testing

/// A named cell with everything that central differences need, drawn from a seed.
struct OracleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let cell: any OracleCell
    var tied = false
    var learnedState = false
    var connection = OracleConnection.stacked
    /// Units of the layers before the lowest and after the topmost recurrent layer; 0: none.
    var mlps = (input: 0, output: 0)
    var penalties: (activation: Double, temporal: Double) = (0, 0)
    var output: any OracleOutput = OracleFullOutput()
    var layers = 2
    var vocabularySize = 7
    /// Of six predictions, the last of which is masked; nil for random ones.
    var targets: [Int]?

    var testDescription: String { name }

    static let all =
        CellUnderTest.all.flatMap { test in
            [
                OracleCase(name: test.name, cell: test.oracle),
                OracleCase(name: test.name + ", tied, learned state", cell: test.oracle, tied: true, learnedState: true),
            ].filter { test.oracle.learnsFirstState || !$0.learnedState }
        }
        + [false, true].map {
            OracleCase(
                name: "jordan-lm, learned state \($0)", cell: OracleJordan(output: .softmax, size: 7), learnedState: $0,
                output: OracleProbabilities(), layers: 1)
        }

    /// B 2, E 5 (4 when tied), H 4; every parameter uniform in -1...1.
    func makeModel(_ random: inout SeededRandom) -> OracleModel {
        let (H, V, G) = (4, vocabularySize, cell.gateCount)
        let O = cell.outputSize(units: H)
        let sizes = inputSizes
        var counts = output.parameterCounts(
            vocabulary: V, hidden: mlps.output > 0 ? mlps.output : sizes[layers], tied: tied)
        let E = tied ? O : 5
        counts["encoder.weight"] = V * E
        for (name, size, columns) in [("input_mlp", mlps.input, E), ("output_mlp", mlps.output, sizes[layers])] where size > 0 {
            (counts["\(name).weight"], counts["\(name).bias"]) = (size * columns, size)
        }
        for k in 0..<layers {
            counts["rnn.weight_ih_l\(k)"] = G * H * sizes[k]
            counts["rnn.bias_ih_l\(k)"] = G * H
            if cell.hasRecurrentWeights {
                (counts["rnn.weight_hh_l\(k)"], counts["rnn.bias_hh_l\(k)"]) = (G * H * cell.recurrentSize(units: H), G * H)
            }
            if let name = cell.unitVector { counts["rnn.\(name)_l\(k)"] = H }
            if learnedState { counts["rnn.h0_l\(k)"] = O }
            if learnedState && cell.learnsOtherStates { counts["rnn.c0_l\(k)"] = H }
            for skip in cell.timeSkips { counts["rnn.weight_skip\(skip)_l\(k)"] = G * H * O }
            let own = cell.ownShapes(inputs: sizes[k], units: H).merging(connection.shapes(layer: k, size: O)) { $1 }
            for (name, shape) in own { counts["rnn.\(name)_l\(k)"] = shape.reduce(1, *) }
        }
        var parameters: [String: [Double]] = [:]
        for name in counts.keys.sorted() { parameters[name] = random.uniform(counts[name] ?? 0) }
        return OracleModel(
            parameters: parameters, cell: cell, output: output, connection: connection, penalties: penalties, batchSize: 2)
    }

    /// Columns of what both layers and the decoder read.
    var inputSizes: [Int] {
        let output = cell.outputSize(units: 4)
        return (0..<layers).reduce(into: [mlps.input > 0 ? mlps.input : tied ? output : 5]) {
            $0.append(connection.outputSize(input: $0[$1], layer: output))
        }
    }
}

extension SeededRandom {
    /// `count` numbers, uniform in -1...1.
    mutating func uniform(_ count: Int) -> [Double] {
        (0..<count).map { _ in Double.random(in: -1...1, using: &self) }
    }
}

@Suite("The oracle in Double")
struct OracleTests {
    @Test("Every gradient equals central differences", arguments: OracleCase.all)
    func centralDifferences(_ test: OracleCase) {
        var random = SeededRandom(state: 17)
        let model = test.makeModel(&random)
        let tokens = (0..<12).map { _ in Int.random(in: 0..<model.vocabularySize, using: &random) }
        let state =
            test.learnedState
            ? nil
            : OracleState(
                hidden: random.uniform(2 * test.layers * model.outputSize),
                cell: random.uniform(2 * test.layers * model.otherStateSize).map { 1 + abs($0) })
        var sizes = test.inputSizes
        if test.mlps.output > 0 { sizes[test.layers] = test.mlps.output }
        let dropout = sizes.map { size in
            (0..<6 * size).map { _ in Bool.random(using: &random) ? 2.0 : 0.5 }
        }
        func evaluate(_ model: OracleModel) -> OracleResult {
            model.lossAndGradients(
                inputs: Array(tokens[..<6]), targets: test.targets ?? Array(tokens[6...]), mask: [1, 1, 1, 1, 1, 0], state: state,
                dropout: dropout)
        }
        let gradients = evaluate(model).gradients
        for (name, values) in model.parameters {
            let differences = values.indices.map { i in
                centralDifference(at: values[i]) { value in
                    var moved = model
                    moved.parameters[name]?[i] = value
                    return evaluate(moved).loss
                }
            }
            let error = relativeDistance(gradients[name] ?? [], from: differences)
            #expect(error < 1e-6, "\(test.name) \(name): relative error \(error)")
            // A window of three steps reads nothing of it.
            if name.contains("weight_skip4") { continue }
            #expect(norm(differences) > 1e-4, "\(test.name) \(name): a gradient near zero tests nothing")
        }
    }

    /// `(f(x+e) - f(x-e)) / 2e`: truncation, about e^2, and rounding, about 1e-16 / e, are both near 1e-10.
    private func centralDifference(at x: Double, _ f: (Double) -> Double) -> Double {
        let e = 1e-5
        return (f(x + e) - f(x - e)) / (2 * e)
    }

    @Test("Ten windows of training have PyTorch's losses, gradients, parameters and state", arguments: GoldenFixture.names)
    func golden(_ name: String) throws {
        let fixture = try GoldenFixture.load(name)
        var model = fixture.oracleModel
        var state: OracleState?
        for (number, window) in zip(1..., fixture.windows) {
            let result = model.lossAndGradients(
                inputs: window.inputs, targets: window.targets, mask: window.mask, state: state)
            state = result.state
            #expect(relativeDistance([result.loss], from: [fixture.losses[number - 1]]) < 1e-10)
            for (parameter, expected) in fixture.gradients[number] ?? [:] {
                let error = relativeDistance(try #require(result.gradients[parameter]), from: expected)
                #expect(error < 1e-10, "window \(number), \(parameter): relative error \(error)")
            }
            let gradientNorm = model.descend(result.gradients, learningRate: fixture.learningRate, clip: fixture.clip)
            #expect(relativeDistance([gradientNorm], from: [fixture.gradientNorms[number - 1]]) < 1e-10)
        }
        try expectEnd(of: fixture, model: model, state: try #require(state))
    }

    private func expectEnd(of fixture: GoldenFixture, model: OracleModel, state: OracleState) throws {
        #expect(Set(model.parameters.keys) == Set(fixture.finalParameters.keys))
        for (name, expected) in fixture.finalParameters {
            #expect(relativeDistance(model.parameter(name), from: expected) < 1e-10, "\(name)")
        }
        #expect(relativeDistance(state.hidden, from: fixture.finalState.h) < 1e-10)
        if let expected = fixture.finalState.c { #expect(relativeDistance(state.cell, from: expected) < 1e-10) }
    }

    @Test("The arrays of each fixture match its dimensions", arguments: GoldenFixture.names)
    func shapes(_ name: String) throws {
        let fixture = try GoldenFixture.load(name)
        let size = fixture.dimensions
        #expect(fixture.parameters["encoder.weight"]?.shape == [size.V, size.E])
        let cell = fixture.oracleCell
        if size.L > 1 {
            #expect(fixture.parameters["rnn.weight_ih_l1"]?.shape == [cell.gateCount * size.H, cell.outputSize(units: size.H)])
        }
        let hasDecoder = !fixture.tied && fixture.cutoffs == nil && !(fixture.oracleOutput is OracleProbabilities)
        #expect((fixture.parameters["decoder.weight"] != nil) == hasDecoder)
        #expect(fixture.parameters.values.allSatisfy { $0.shape.reduce(1, *) == $0.values.count })
        #expect(fixture.gradients.keys.sorted() == (fixture.test == nil ? [1, 2, 10] : [1, 10]))
        #expect(fixture.windows.allSatisfy { $0.inputs.count == size.T * size.B && $0.mask.count == size.T * size.B })
        #expect(fixture.windows.last?.mask.contains(0) == true)
    }
}

extension OracleModel {
    /// One step of SGD after clipping the norm of the whole gradient. Returns the norm before clipping.
    mutating func descend(_ gradients: [String: [Double]], learningRate: Double, clip: Double) -> Double {
        let gradientNorm = norm(gradients.values.flatMap { $0 })
        let rate = learningRate * min(1, clip / gradientNorm)
        for (name, gradient) in gradients {
            parameters[name] = sum(parameter(name), gradient.map { -rate * $0 })
        }
        return gradientNorm
    }
}
