import Layers
public import Tensors

/// The settings of dynamic evaluation.
public struct DynamicEvaluation: Sendable, Equatable {
    /// The learning rate, for the gradient of the mean loss of a window.
    public var rate: Float
    /// The share of the way back to the trained parameters at each update.
    public var decay: Float
    /// The time steps of a window, after which the parameters are updated.
    public var window: Int

    /// Dynamic evaluation with these settings.
    public init(rate: Float, decay: Float, window: Int) { (self.rate, self.decay, self.window) = (rate, decay, window) }
}

/// A model of one stream that learns from the text that it predicts, one window at a time.
///
/// The losses of a window are those before its update, so that no token is predicted with parameters that have seen it. The update is
/// `p <- p - rate * gradient + decay * (trained - p)`, with the gradient of the mean loss of the window, through its steps only. There is no
/// dropout. Source: Krause, Kahembwe, Murray & Renals 2018, "Dynamic evaluation of neural sequence models", section 4, with SGD in place of
/// RMSprop. Memory: three copies of the parameters, and the packed weights.
public final class DynamicModel {
    /// The model with the current parameters.
    public let model: LanguageModel
    private let settings: DynamicEvaluation
    private let trained: UnsafePointer<Float>  // the parameters before the text
    private let count: Int
    /// The current parameters, in the order of the arena.
    public let values: UnsafePointer<Float>
    private let current: UnsafeMutablePointer<Float>
    private let gradient: UnsafeMutablePointer<Float>
    private let parameters: ParameterSet
    private let weights: PackedWeights
    private let rows: GradientRows
    private let mask: UnsafeMutablePointer<Float>  // [window], ones
    private let losses: UnsafeMutablePointer<Double>  // [window]
    private let workspace = Workspace()
    private var isAtStart = true

    /// The settings of a model's buffers.
    private static func build(_ settings: DynamicEvaluation, _ precision: Precision) -> BuildSettings {
        BuildSettings(WindowCapacity(steps: settings.window, streams: 1, training: true), precision: precision)
    }

    /// Bytes that the model takes, within a few hundred.
    public static func byteCount(_ shape: ModelShape, _ settings: DynamicEvaluation, _ precision: Precision) -> Int {
        let needs = shape.needs(build(settings, precision))
        let scratch = GradientRows.byteCount(
            maximumRows: settings.window * needs.rowsPerPrediction, leaves: 1, widestInput: needs.widestInput,
            precision: precision)
        return 4 * (2 * needs.parameters.elementCount + needs.packed.elementCount) + needs.byteCount + scratch
    }

    /// - Parameters:
    ///   - shape: that of the trained model. Its regularisers have no effect.
    ///   - trained: its parameters in the order of the arena, which must stay.
    public init(
        _ shape: ModelShape, trained: UnsafePointer<Float>, _ settings: DynamicEvaluation, precision: Precision = .fp32
    ) {
        (self.settings, self.trained) = (settings, trained)
        var shape = shape
        shape.dropout = 0
        shape.regularization = Regularization()
        let build = Self.build(settings, precision)
        let needs = shape.needs(build)
        count = needs.parameters.elementCount
        current = workspace.allocate(Float.self, count: count)
        current.update(from: trained, count: count)
        values = UnsafePointer(current)
        gradient = workspace.allocate(Float.self, count: count)
        parameters = ParameterSet(layout: needs.parameters, values: current, gradients: [gradient])
        weights = PackedWeights(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<count)
        model = LanguageModel(shape, Builder(making: build, parameters: parameters, weights: weights))
        rows = GradientRows(
            program: TreeProgram(tree: ShardTree(shardCount: 1), ownShards: 0..<1), streamsOfShards: [0..<1],
            maximumSteps: settings.window * needs.rowsPerPrediction, widestInput: needs.widestInput, precision: precision)
        mask = workspace.allocate(Float.self, count: settings.window)
        mask.update(repeating: 1, count: settings.window)
        losses = workspace.allocate(Double.self, count: settings.window)
        model.resetState()
    }

    /// The losses of a window in nats, before its update, `[steps]`; valid until the next call. Then updates the parameters.
    ///
    /// Shape: `tokens` `[steps + 1]`, of which the first is the last token of the window before.
    public func advance(_ tokens: UnsafePointer<Int32>, steps: Int) -> UnsafePointer<Double> {
        model.forward(tokens, steps: steps)
        losses.update(from: model.loss(targets: tokens + 1, mask: mask), count: steps)
        _ = model.trainingLoss(targets: tokens + 1, mask: mask, gradientScale: 1 / Float(steps), rows: rows)
        model.backward(tokens, rows: rows, atEpochStart: isAtStart)
        isAtStart = false
        model.carryState(steps: steps)
        update()
        return UnsafePointer(losses)
    }

    private func update() {
        let (current, gradient, trained, rate, decay) = (current, gradient, trained, settings.rate, settings.decay)
        for i in 0..<count { current[i] += decay * (trained[i] - current[i]) - rate * gradient[i] }
        weights.pack(0..<count)
    }
}
