import Foundation
import Layers
import Models
import Tensors
import Testing

/// Dynamic evaluation and the continuous cache against the script `Tests/Reference/adaptation.py`.
@Suite("Dynamic evaluation and continuous cache")
struct AdaptationTests {
    private struct Fixture: Decodable {
        struct Dimensions: Decodable {
            let E: Int, H: Int, V: Int, L: Int
        }
        struct Cache: Decodable {
            let size: Int, theta: Double, lambda: Double, columns: Int
            let outputs: [Double]
            let tokens: [Int32]
            let losses: [Double]
            let mixed: [Double]
        }
        struct Scaled: Decodable {
            let text: [Int32]
            let rate: Float, decay: Float, epsilon: Float
            let losses: [Double]
            let finalParameters: [String: [Double]]
        }
        let dimensions: Dimensions
        let rate: Float, decay: Float, window: Int
        let parameters: [String: [Double]]
        let tokens: [Int32]
        let losses: [Double]
        let finalParameters: [String: [Double]]
        let cache: Cache
        let rms: Scaled
        let frozen: Scaled
    }

    private let fixture: Fixture

    init() throws {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        fixture = try JSONDecoder().decode(
            Fixture.self, from: Data(contentsOf: folder.appendingPathComponent("adaptation.json")))
    }

    @Test("The losses of dynamic evaluation and the last parameters are those of PyTorch, within 1e-5, at each level")
    func dynamicEvaluation() throws {
        let settings = DynamicEvaluation(rate: fixture.rate, decay: fixture.decay, window: fixture.window)
        try check(settings, losses: fixture.losses, parameters: fixture.finalParameters)
    }

    @Test(
        "A token of no double's probability has the surprisal of the model alone, and products that overflow count as nothing with theta 0"
    )
    func extremes() {
        var cache = ContinuousCache(CacheSettings(size: 4, theta: 0, lambda: 0.1), columns: 2)
        let output: [Float] = [1e30, -1e30]
        #expect(cache.surprisal(of: 1, loss: 2, output: output) == 2)
        #expect(abs(cache.surprisal(of: 2, loss: 900, output: output) - (900 - log(0.9))) < 1e-9)
        #expect(abs(cache.surprisal(of: 1, loss: 900, output: output) + log(0.1 / 2)) < 1e-9)
    }

    @Test("So are those of updates that are scaled by the root mean squares of the gradients of another text")
    func scaledUpdates() throws {
        try check(fixture.rms)
    }

    @Test("A frozen embedding does not move, and is not in the mean of the root mean squares")
    func frozenEmbedding() throws {
        try check(fixture.frozen, freezesEmbeddings: true)
    }

    @Test(
        "A model that was trained with samples adapts by the gradient of its exact loss",
        arguments: ["sampled", "nce", "blackout"])
    func sampledOutput(output: String) throws {
        try check(fixture.frozen, freezesEmbeddings: true, output: #require(OutputKind(rawValue: output)))
    }

    private func check(_ scaled: Fixture.Scaled, freezesEmbeddings: Bool = false, output: OutputKind = .full) throws {
        let settings = DynamicEvaluation(
            rate: scaled.rate, decay: scaled.decay, window: fixture.window, epsilon: scaled.epsilon)
        try check(
            settings, observing: scaled.text, losses: scaled.losses, parameters: scaled.finalParameters,
            freezesEmbeddings: freezesEmbeddings, output: output)
    }

    private func check(
        _ settings: DynamicEvaluation, observing text: [Int32] = [], losses expectedLosses: [Double],
        parameters: [String: [Double]], freezesEmbeddings: Bool = false, output: OutputKind = .full
    ) throws {
        let size = fixture.dimensions
        var shape = ModelShape(
            cell: .lstm, output: output, layers: size.L, vocabularySize: size.V, embeddingSize: size.E, hiddenSize: size.H,
            dropout: 0.5)
        shape.freezesEmbeddings = freezesEmbeddings
        let layout = shape.parameterLayout
        var trained = [Float](repeating: 0, count: layout.elementCount)
        for entry in layout.entries {
            for (i, value) in try #require(fixture.parameters[entry.name]).enumerated() {
                trained[entry.offset + i] = Float(value)
            }
        }
        try Processor.atEachLevel { level in
            try trained.withUnsafeBufferPointer { trained in
                let model = DynamicModel(shape, trained: trained.baseAddress!, settings)
                if !text.isEmpty {
                    _ = losses(of: text) { model.observe($0, steps: fixture.window) }
                    model.endObservation()
                }
                let losses = losses(of: fixture.tokens) { model.advance($0, steps: fixture.window) }
                #expect(losses.count == expectedLosses.count)
                for (found, expected) in zip(losses, expectedLosses) {
                    #expect(abs(found - expected) < 1e-5 * max(1, expected), "\(level)")
                }
                for entry in layout.entries {
                    let found = (0..<entry.count).map { Double(model.values[entry.offset + $0]) }
                    let error = relativeDistance(found, from: try #require(parameters[entry.name]))
                    #expect(error < 1e-5, "\(level), \(entry.name): \(error)")
                }
            }
        }
    }

    /// The losses that `pass` returns for each window of a text.
    private func losses(of text: [Int32], _ pass: (UnsafePointer<Int32>) -> UnsafePointer<Double>) -> [Double] {
        text.withUnsafeBufferPointer { tokens in
            stride(from: 0, to: tokens.count - 1, by: fixture.window).flatMap { start in
                UnsafeBufferPointer(start: pass(tokens.baseAddress! + start), count: fixture.window)
            }
        }
    }

    @Test("The surprisals with the cache are those of the equations, within 1e-6, also after the cache is full")
    func continuousCache() {
        let data = fixture.cache
        var cache = ContinuousCache(
            CacheSettings(size: data.size, theta: data.theta, lambda: data.lambda), columns: data.columns)
        for attempt in 1...2 {
            for (place, token) in data.tokens.enumerated() {
                let output = data.outputs[(place * data.columns)..<((place + 1) * data.columns)].map { Float($0) }
                let found = cache.surprisal(of: token, loss: data.losses[place], output: output)
                #expect(abs(found - data.mixed[place]) < 1e-6, "token \(place), attempt \(attempt)")
            }
            cache.reset()
        }
    }
}
