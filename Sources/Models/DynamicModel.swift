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
    /// What is added to the root mean squares of the gradients, by which the gradient is divided; nil for plain gradient descent.
    public var epsilon: Float?

    /// Dynamic evaluation with these settings.
    public init(rate: Float, decay: Float, window: Int, epsilon: Float? = nil) {
        (self.rate, self.decay, self.window, self.epsilon) = (rate, decay, window, epsilon)
    }
}

/// A model of one stream that learns from the text that it predicts, one window at a time.
///
/// The losses of a window are those before its update, so that no token is predicted with parameters that have seen it. The update is
/// `p <- p - rate * gradient + decay * (trained - p)`, with the gradient of the mean loss of the window, through its steps only. There is no
/// dropout. With an `epsilon`, the update is `p <- p - rate * gradient / (rms + epsilon) + min(1, decay * rms / mean) * (trained - p)`: `rms` are the
/// root mean squares of the gradients of the windows of another text (`observe`), and `mean` is their mean over all parameters.
/// A frozen embedding does not move, and is not in the mean.
///
/// Source: Krause, Kahembwe, Murray & Renals 2018, "Dynamic evaluation of neural sequence models", section 4. Memory: three copies of the
/// parameters, four with an `epsilon`, and the packed weights.
public final class DynamicModel {
    /// The model with the current parameters.
    public let model: SequenceModel
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
    private let layout: ParameterLayout
    private let freezesEmbeddings: Bool
    /// Mean squares of the gradients of the windows observed so far, then their roots; nil without an epsilon.
    private let squares: UnsafeMutablePointer<Float>?
    private var observedWindows = 0
    private var pull: Float = 0  // decay / mean

    /// The settings of a model's buffers.
    private static func build(_ settings: DynamicEvaluation, _ precision: Precision) -> BuildSettings {
        BuildSettings(WindowCapacity(steps: settings.window, streams: 1, training: true), precision: precision)
    }

    /// Bytes that the model takes, within a few hundred.
    public static func byteCount(_ shape: ModelShape, _ settings: DynamicEvaluation, _ precision: Precision) -> Int {
        let needs = shape.withExactLoss.needs(build(settings, precision))
        let scratch = GradientRows.byteCount(
            maximumRows: settings.window * needs.rowsPerPrediction, leaves: 1, widestInput: needs.widestInput,
            precision: precision)
        let copies = settings.epsilon == nil ? 2 : 3
        return 4 * (copies * needs.parameters.elementCount + needs.packed.elementCount) + needs.byteCount + scratch
    }

    /// - Parameters:
    ///   - shape: that of the trained model. Its regularisers have no effect, and the loss is not estimated from samples.
    ///   - trained: its parameters in the order of the arena, which must stay.
    public init(
        _ shape: ModelShape, trained: UnsafePointer<Float>, _ settings: DynamicEvaluation, precision: Precision = .fp32
    ) {
        (self.settings, self.trained, freezesEmbeddings) = (settings, trained, shape.freezesEmbeddings)
        let shape = shape.withExactLoss
        let build = Self.build(settings, precision)
        let needs = shape.needs(build)
        layout = needs.parameters
        count = layout.elementCount
        current = workspace.allocate(Float.self, count: count)
        current.update(from: trained, count: count)
        values = UnsafePointer(current)
        gradient = workspace.allocate(Float.self, count: count)
        squares = settings.epsilon == nil ? nil : workspace.allocate(Float.self, count: count)
        parameters = ParameterSet(layout: needs.parameters, values: current, gradients: [gradient])
        weights = PackedWeights(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<count)
        model = SequenceModel(shape, Builder(making: build, parameters: parameters, weights: weights))
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
        run(tokens, steps: steps)
        update()
        return UnsafePointer(losses)
    }

    /// Adds the squares of the gradient of a window of another text to the mean squares, and leaves the parameters. Returns the losses of the
    /// window. Shape: as `advance`.
    public func observe(_ tokens: UnsafePointer<Int32>, steps: Int) -> UnsafePointer<Double> {
        guard let squares else { preconditionFailure("gradients are observed without an epsilon") }
        run(tokens, steps: steps)
        observedWindows += 1
        let (gradient, share) = (gradient, 1 / Float(observedWindows))
        for i in 0..<count { squares[i] += share * (gradient[i] * gradient[i] - squares[i]) }
        return UnsafePointer(losses)
    }

    /// Ends the text whose gradients were observed: takes the roots, and sets the state to that before a text.
    public func endObservation() {
        guard let squares else { preconditionFailure("gradients are observed without an epsilon") }
        var (sum, moving) = (0.0, 0)
        for entry in layout.entries where !(freezesEmbeddings && entry.name == SequenceModel.embeddingName) {
            for i in entry.offset..<(entry.offset + entry.count) {
                squares[i] = squares[i].squareRoot()
                sum += Double(squares[i])
            }
            moving += entry.count
        }
        pull = sum > 0 ? Float(Double(settings.decay) * Double(moving) / sum) : 0
        model.resetState()
        isAtStart = true
    }

    /// The losses and the gradient of a window.
    private func run(_ tokens: UnsafePointer<Int32>, steps: Int) {
        model.forward(tokens, steps: steps)
        losses.update(from: model.loss(targets: tokens + 1, mask: mask), count: steps)
        _ = model.trainingLoss(targets: tokens + 1, mask: mask, gradientScale: 1 / Float(steps), rows: rows)
        model.backward(tokens, rows: rows, atEpochStart: isAtStart)
        isAtStart = false
        model.carryState(steps: steps)
    }

    private func update() {
        if let squares, let epsilon = settings.epsilon { return update(squares, epsilon) }
        let (current, gradient, trained, rate, decay) = (current, gradient, trained, settings.rate, settings.decay)
        for i in 0..<count { current[i] += decay * (trained[i] - current[i]) - rate * gradient[i] }
        weights.pack(0..<count)
    }

    private func update(_ rms: UnsafeMutablePointer<Float>, _ epsilon: Float) {
        let (current, gradient, trained, rate, pull) = (current, gradient, trained, settings.rate, pull)
        for i in 0..<count {
            current[i] += min(1, pull * rms[i]) * (trained[i] - current[i]) - rate * gradient[i] / (rms[i] + epsilon)
        }
        weights.pack(0..<count)
    }
}
