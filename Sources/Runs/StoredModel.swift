import Configuration
import Layers
public import Models
public import Tasks
package import Tensors
public import TextData

/// A trained model from a checkpoint, for one stream in one process: for `evaluate`, `score` and `generate`.
public final class StoredModel {
    /// The sizes and kinds of its layers.
    public let shape: ModelShape
    public let vocabulary: Vocabulary
    public let unit: TokenUnit
    /// Whether the model was trained on each line for itself: then it is evaluated and generates so.
    public var separatesLines: Bool { configuration.separatesLines }
    /// What the model was trained to do.
    public var task: any Task.Type { configuration.taskType }
    package let symbols: TextSymbols
    private let configuration: TrainingConfiguration
    /// The path of the checkpoint.
    public let path: String
    package let model: SequenceModel
    private let values: UnsafeMutablePointer<Float>  // of the parameters, in the order of the arena
    private let parameters: ParameterSet
    private let packed: UnsafeMutablePointer<Float>
    private let packedLayout: PackedLayout
    /// A view of the packed weights for each model: products in bf16 have scratch memory, which models in several threads must not share.
    private var weights: [PackedWeights] = []
    private let workspace = Workspace()

    /// Reads the checkpoint at `path`. Windows have at most `steps` steps. Throws the errors of `StoredCheckpoint`.
    public convenience init(checkpoint path: String, steps: Int) throws {
        try self.init(StoredCheckpoint(path: path), steps: steps)
    }

    /// Creates the model of an open checkpoint. Windows have at most `steps` steps. Throws `CheckpointError` if the file has
    /// changed since it was opened, and `RunCheckError` (70) if a limit of the process is too low.
    public init(_ stored: StoredCheckpoint, steps: Int) throws {
        Processor.flushDenormals()
        let shape = stored.modelShape
        // Uses the precision of the run, so that a text has the same loss as in the run.
        let build = BuildSettings(
            WindowCapacity(steps: steps, streams: 1, training: false), precision: stored.configuration.precision)
        let needs = shape.needs(build)
        let layout = needs.parameters
        try ProcessRoom.require(
            bytes: 4 * (layout.elementCount + needs.packed.elementCount) + needs.byteCount)
        values = workspace.allocate(Float.self, count: layout.elementCount)
        try stored.copyModel(to: values, layout: layout)
        parameters = ParameterSet(layout: layout, values: values, gradients: [])
        packedLayout = needs.packed
        packed = workspace.allocate(Float.self, count: needs.packed.elementCount)
        let weights = PackedWeights(needs.packed, values: values, storage: packed)
        weights.pack(0..<layout.elementCount)
        model = SequenceModel(shape, Builder(making: build, parameters: parameters, weights: weights))
        self.weights = [weights]
        self.shape = shape
        vocabulary = stored.vocabulary
        unit = stored.vocabulary.unit
        path = stored.path
        configuration = stored.configuration
        symbols = try configuration.symbols(vocabulary)
        model.resetState()
    }

    /// Throws `StoredRunError.noTokenModel` (64) unless the model predicts tokens, which scores of tokens and generation need.
    ///
    /// - Parameter option: the option that needs them; nil if the command does.
    public func requireTokens(for option: String? = nil) throws(StoredRunError) {
        guard task.predictsTokens else { throw .noTokenModel(task: task.name, option: option) }
    }

    /// The labels that the model gives lines. Throws `StoredRunError.noLabels` (64) for a model of a task without labels.
    package func requireLabels() throws(StoredRunError) -> LabelNames {
        guard let names = task.labelNames(configuration.settings) else { throw .noLabels(task: task.name) }
        return names
    }

    /// A further model with the same parameters and its own activations, for windows of another size. It keeps this model's parameters only as
    /// long as this model exists.
    ///
    /// Throws `RunCheckError` (70) if a limit of the process is too low.
    package func model(_ capacity: WindowCapacity) throws -> SequenceModel {
        let build = BuildSettings(capacity, precision: configuration.precision)
        try ProcessRoom.require(bytes: shape.needs(build).byteCount)
        let view = PackedWeights(packedLayout, values: values, storage: packed)
        weights.append(view)
        return SequenceModel(shape, Builder(making: build, parameters: parameters, weights: view))
    }

    /// A copy of the model that learns from the text that it predicts.
    ///
    /// Throws `StoredRunError.oneStream` (64) for a model that knows no text of one stream, and `RunCheckError` (70) if a limit of the process is
    /// too low.
    package func dynamicModel(_ settings: DynamicEvaluation) throws -> DynamicModel {
        try requireStream(for: "--dynamic")
        let precision = configuration.precision
        try ProcessRoom.require(bytes: DynamicModel.byteCount(shape, settings, precision))
        return DynamicModel(shape, trained: values, settings, precision: precision)
    }

    /// Throws `StoredRunError.oneStream` (64) unless the model predicts tokens of a text as one stream, which an option needs.
    package func requireStream(for option: String) throws(StoredRunError) {
        try requireTokens(for: option)
        if separatesLines { throw .oneStream(option: option) }
    }

    /// A new scorer of a text.
    package func scorer() -> any TextScorer { task.scorer(model, symbols, configuration.batching) }

    /// Throws if a text does not have the form that the task needs.
    ///
    /// - Parameter skippingUnknown: whether characters outside the vocabulary are no part of the text.
    package func check(_ text: OpenedText, skippingUnknown: Bool) throws(TextDataError) {
        _ = try task.check(text, configuration.settings)
        guard skippingUnknown, unit == .char, vocabulary.unknownID == nil, let labels = symbols.labels else { return }
        try labels.names.check(text, skippingOutside: vocabulary)
    }

    /// The token before a text without context: the line end, or the first symbol of a vocabulary of characters that has none.
    package var startToken: Int32 { vocabulary.startToken }
}
