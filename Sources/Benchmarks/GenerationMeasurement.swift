import Communication
import Inference
import Layers
import Models
import Tensors
import Training

/// The speed of generation in one process, token by token on one stream, compared with the time to read the weights that each token needs.
///
/// Tokens are measured in blocks, with bandwidth samples before, between and after the blocks. The share of the bound is the median over
/// the blocks of the speed divided by the mean of the two adjacent samples. Figures that depend on the weights are nil if the output layer
/// does not know its own.
public struct GenerationMeasurement: Sendable {
    /// The measured model.
    public let model: MeasuredModel
    public let tokens: Int
    /// The instruction set of the kernels.
    public let level: String
    /// Milliseconds per token, as medians: in total, in the model, and in sampling from its logits with the defaults of `generate`.
    public let tokenMilliseconds: Double
    public let modelMilliseconds: Double
    public let drawMilliseconds: Double
    /// Bytes of weights that the products of a token read. Weights that a layer reads several times count as often.
    public let weightBytes: Int?
    /// Bytes per second of reading a buffer of the size of all weights: the median of the samples.
    public let bytesPerSecond: Double?
    /// The speed divided by the bound.
    public let boundShare: Double?

    /// Tokens per second, from the median time of a token.
    public var tokensPerSecond: Double { 1e3 / tokenMilliseconds }
    /// The bound on tokens per second, if each token reads all weights.
    public var boundTokensPerSecond: Double? {
        guard let bytesPerSecond, let weightBytes else { return nil }
        return bytesPerSecond / Double(weightBytes)
    }

    /// Generates `tokens` tokens after a warm-up. Local. Throws if there is too little memory (70).
    public init(model: MeasuredModel, tokens: Int) throws {
        try MemoryCheck.requireForGeneration(model.configuration, vocabularySize: model.vocabularySize)
        var generator = GenerationBench(model: model)
        let work = model.work
        let bandwidth = work.map { ReadBandwidth(byteCount: $0.weightCount * MemoryLayout<Float>.size) }
        let weightBytes = work.map { $0.readCount * MemoryLayout<Float>.size }
        let blockCount = min(10, tokens)
        for _ in 0..<min(20, tokens) { _ = generator.draw() }
        var samples = [bandwidth?.sample()]
        var blocks: [[TokenTimes]] = []
        for block in 0..<blockCount {
            let range = (block * tokens / blockCount)..<((block + 1) * tokens / blockCount)
            blocks.append(range.map { _ in generator.draw() })
            samples.append(bandwidth?.sample())
        }
        self.model = model
        self.tokens = tokens
        self.weightBytes = weightBytes
        level = Processor.level
        tokenMilliseconds = blocks.joined().map(\.whole).median
        modelMilliseconds = blocks.joined().map(\.model).median
        drawMilliseconds = blocks.joined().map(\.draw).median
        let speeds = samples.compactMap { $0 }
        bytesPerSecond = speeds.isEmpty ? nil : speeds.median
        boundShare = weightBytes.map { Self.boundShare(blocks, weightBytes: $0, speeds: speeds) }
    }

    /// The median of the blocks' shares of the bound. `speeds`: the samples, one more than there are blocks.
    private static func boundShare(_ blocks: [[TokenTimes]], weightBytes: Int, speeds: [Double]) -> Double {
        blocks.indices.map { block in
            let bound = Double(weightBytes) / ((speeds[block] + speeds[block + 1]) / 2) * 1e3
            return bound / blocks[block].map(\.whole).median
        }.median
    }
}

/// The parts of the time of one token, in milliseconds.
private struct TokenTimes {
    let model: Double
    let draw: Double
    var whole: Double { model + draw }
}

/// A model with one stream that generates tokens.
private struct GenerationBench {
    private let model: SequenceModel
    private let sampler = Sampler(SamplingRule())
    private let workspace = Workspace()
    private var token: [Int32] = [0]
    private var place = 0

    init(model measured: MeasuredModel) {
        Processor.flushDenormals()
        let build = BuildSettings(WindowCapacity(steps: 1, streams: 1, training: false))
        let needs = measured.shape.needs(build)
        let layout = needs.parameters
        let values = workspace.allocate(Float.self, count: layout.elementCount)
        measured.configuration.parameterInitialization.fill(values, layout)
        let weights = PackedWeights(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<layout.elementCount)
        let parameters = ParameterSet(layout: layout, values: values, gradients: [])
        model = SequenceModel(measured.shape, Builder(making: build, parameters: parameters, weights: weights))
        model.resetState()
    }

    mutating func draw() -> TokenTimes {
        let start = MonotonicClock.nanoseconds
        model.forward(token, steps: 1)
        model.carryState(steps: 1)
        let logits = model.logits()
        let computed = MonotonicClock.nanoseconds
        let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        token[0] = sampler.draw(row, place: place)
        place += 1
        let end = MonotonicClock.nanoseconds
        return TokenTimes(model: Double(computed - start) / 1e6, draw: Double(end - computed) / 1e6)
    }
}
