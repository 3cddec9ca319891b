import Communication
import Layers
import Models
import Tensors
import Training

/// How fast one process generates, token by token on one stream, beside the time it takes to read the weights once a token.
///
/// Tokens come in blocks, with a sample of the bandwidth before the first, between them, and after the last: the share of the bound is the
/// median over the blocks of their speed by the mean of the two samples around them.
public struct GenerationMeasurement: Sendable {
    public let model: MeasuredModel
    public let tokens: Int
    /// The instruction set of the kernels.
    public let level: String
    /// Milliseconds of a token, medians: in all, in the model, and in drawing from its logits as `generate` does by default.
    public let tokenMilliseconds: Double
    public let modelMilliseconds: Double
    public let drawMilliseconds: Double
    /// Bytes of the weights that a token is multiplied with.
    public let weightBytes: Int
    /// Bytes a second at which a buffer of that size is read, the median of the samples.
    public let bytesPerSecond: Double
    /// The speed's share of the bound.
    public let boundShare: Double

    public var tokensPerSecond: Double { 1e3 / tokenMilliseconds }
    /// The most tokens per second if each reads all weights.
    public var boundTokensPerSecond: Double { bytesPerSecond / Double(weightBytes) }

    /// Draws `tokens` tokens after some to warm up. Local. Throws where there is too little memory (70).
    public init(model: MeasuredModel, tokens: Int) throws {
        try MemoryCheck.requireForGeneration(model.configuration, vocabularySize: model.vocabularySize)
        var generator = GenerationBench(model: model)
        let weightBytes = Int(model.shape.forwardOperationsPerToken) / 2 * MemoryLayout<Float>.size
        let bandwidth = ReadBandwidth(byteCount: weightBytes)
        let blockCount = min(10, tokens)
        for _ in 0..<min(20, tokens) { _ = generator.draw() }
        var samples = [bandwidth.sample()]
        var blocks: [[TokenTimes]] = []
        for block in 0..<blockCount {
            let range = (block * tokens / blockCount)..<((block + 1) * tokens / blockCount)
            blocks.append(range.map { _ in generator.draw() })
            samples.append(bandwidth.sample())
        }
        self.model = model
        self.tokens = tokens
        self.weightBytes = weightBytes
        level = Processor.level
        tokenMilliseconds = blocks.joined().map(\.whole).median
        modelMilliseconds = blocks.joined().map(\.model).median
        drawMilliseconds = blocks.joined().map(\.draw).median
        bytesPerSecond = samples.median
        boundShare =
            blocks.indices.map { block in
                let bound = Double(weightBytes) / ((samples[block] + samples[block + 1]) / 2) * 1e3
                return bound / blocks[block].map(\.whole).median
            }.median
    }
}

/// Where the time of one token went, in milliseconds.
private struct TokenTimes {
    let model: Double
    let draw: Double
    var whole: Double { model + draw }
}

/// A model of one stream that draws token after token.
private struct GenerationBench {
    private let model: LanguageModel
    private let sampler = Sampler(SamplingRule())
    private let workspace = Workspace()
    private var token: [Int32] = [0]
    private var place = 0

    init(model measured: MeasuredModel) {
        Processor.flushDenormals()
        let layout = measured.shape.parameterLayout
        let values = workspace.allocate(Float.self, count: layout.elementCount)
        measured.configuration.parameterInitialization.fill(values, shape: measured.shape)
        let packed = measured.shape.packedLayout(training: false)
        let weights = PackedWeights(
            packed, values: values, storage: workspace.allocate(Float.self, count: packed.elementCount))
        weights.pack(0..<layout.elementCount)
        model = LanguageModel(
            shape: measured.shape, parameters: ParameterSet(layout: layout, values: values, gradients: []),
            weights: weights, capacity: WindowCapacity(steps: 1, streams: 1, training: false))
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
