import Foundation
import Inspection
import Kinds
import Layers
import Models
import Tensors
import Testing

/// A model of `Tests/Reference/inspection.py`, with what PyTorch's autograd and numpy find in it.
private struct InspectionFixture: Decodable {
    struct Spectrum: Decodable {
        let gate: String
        let eigenvalues: [[Double]]
        let singular: Double
    }

    let cell: String
    let steps: Int
    let embedding: Int
    let hidden_size: Int
    let vocabulary: Int
    let layers: Int
    let tokens: [Int32]
    let parameters: [String: [Double]]
    let hidden: [[Double]]
    let states: [String: [[Double]]]
    let logProbability: [[Double]]
    let spectrum: [[Spectrum]]
    let gates: [[String: [Double]]]

    static func all() throws -> [InspectionFixture] {
        let place = Bundle.module.bundleURL.appending(path: "Fixtures/inspection.json")
        return try JSONDecoder().decode([InspectionFixture].self, from: Data(contentsOf: place))
    }

    func model(streams: Int, output: String = "full") throws -> InspectedModel {
        let kind = try #require(CellKind(rawValue: cell))
        let shape = ModelShape(
            cell: kind, output: try #require(OutputKind(rawValue: output)), layers: layers, vocabularySize: vocabulary,
            embeddingSize: embedding, hiddenSize: hidden_size,
            dropout: 0.5)
        return try InspectedModel(shape, steps: steps, streams: streams) { values, layout in
            for entry in layout.entries {
                let given = try #require(parameters[entry.name], "no parameter \(entry.name)")
                try #require(given.count == entry.count)
                for (index, value) in given.enumerated() { values[entry.offset + index] = Float(value) }
            }
        }
    }
}

@Suite("What inspect measures, against PyTorch's autograd and numpy")
struct InspectionTests {
    private func expectClose(_ found: [[Double]], _ expected: [[Double]], _ what: String) {
        #expect(found.map(\.count) == expected.map(\.count), "\(what)")
        for (f, e) in zip(found.joined(), expected.joined()) { #expect(abs(f - e) <= 1e-4 * abs(e), "\(what): \(f), not \(e)") }
    }

    // One stream computes each row of a Jacobian by itself; seven are more than a Jacobian has rows, and more than a window has steps.
    @Test("Norms of derivatives are within 1e-4 of autograd, however many rows are computed together", arguments: [1, 2, 3, 7])
    func derivatives(streams: Int) throws {
        for fixture in try InspectionFixture.all() {
            let reach = try GradientReach(fixture.model(streams: streams), fixture.tokens, checkpoint: "")
            #expect(reach.windowCount == 3)
            expectClose(reach.hidden, fixture.hidden, "\(fixture.cell): dh/dh")
            #expect(reach.states.map(\.name) == fixture.states.keys.sorted())
            for state in reach.states {
                expectClose(state.norms, fixture.states[state.name] ?? [], "\(fixture.cell): dh/d\(state.name)")
            }
            expectClose(reach.logProbability, fixture.logProbability, "\(fixture.cell): dlogp/dh")
        }
    }

    @Test("A model that was trained with samples is inspected with its exact distribution", arguments: ["sampled", "nce"])
    func sampledTraining(output: String) throws {
        let fixture = try #require(InspectionFixture.all().first)
        let reach = try GradientReach(fixture.model(streams: 2, output: output), fixture.tokens, checkpoint: "")
        expectClose(reach.logProbability, fixture.logProbability, "\(output): dlogp/dh")
    }

    @Test("The spectrum of each recurrent matrix equals numpy's")
    func spectrum() throws {
        for fixture in try InspectionFixture.all() {
            let model = try fixture.model(streams: 1)
            for layer in fixture.spectrum.indices {
                let found = try RecurrentSpectrum.ofLayer(
                    layer, gates: model.model.gateNames, in: model, with: LAPACK())
                #expect(found.map(\.gate) == fixture.spectrum[layer].map(\.gate))
                for (spectrum, expected) in zip(found, fixture.spectrum[layer]) {
                    #expect(abs(spectrum.largestSingularValue - expected.singular) < 1e-9)
                    #expect(abs(spectrum.spectralRadius - hypot(expected.eigenvalues[0][0], expected.eigenvalues[0][1])) < 1e-9)
                    for (value, pair) in zip(spectrum.eigenvalues, expected.eigenvalues) {
                        #expect(hypot(value.real - pair[0], abs(value.imaginary) - abs(pair[1])) < 1e-9)
                    }
                }
            }
        }
    }

    @Test("Gates are saturated as often as in PyTorch")
    func gates() throws {
        for fixture in try InspectionFixture.all() {
            let read = Array(fixture.tokens.dropLast())
            let activity = try TextActivity(fixture.model(streams: 1), read, unit: nil, checkpoint: "")
            for (layer, gates) in activity.gates.enumerated() {
                let found = Dictionary(uniqueKeysWithValues: gates.map { ($0.name, [$0.closed, $0.open]) })
                #expect(found.keys.sorted() == fixture.gates[layer].keys.sorted())
                for (name, shares) in fixture.gates[layer] {
                    #expect(zip(found[name] ?? [], shares).allSatisfy { abs($0 - $1) < 1e-9 }, "\(fixture.cell) \(layer) \(name)")
                }
            }
        }
    }

    @Test("The likeliest next tokens are in order, and windows do not matter")
    func nextTokens() throws {
        let fixture = try #require(InspectionFixture.all().first)
        let unit = TextActivity.Unit(layer: 1, index: 3)
        let places = try TextActivity(fixture.model(streams: 1), fixture.tokens, unit: unit, checkpoint: "").places
        #expect(places.map(\.token) == fixture.tokens)
        for place in places {
            #expect(place.next.count == 5)
            #expect(zip(place.next, place.next.dropFirst()).allSatisfy { $0.probability >= $1.probability })
            #expect(place.next.reduce(0) { $0 + $1.probability } < 1)
        }
        #expect(Set(places.compactMap(\.activation)).count > 10)
    }
}
