import Layers
public import Models
import Tensors
public import TextData

/// A trained model on one stream in one process, from a checkpoint: for `evaluate`, `score` and `generate`.
public final class StoredModel {
    public let shape: ModelShape
    public let vocabulary: Vocabulary
    public let unit: TokenUnit
    package let model: LanguageModel
    private let parameters: ParameterSet
    private let weights: PackedWeights  // what the model multiplies with
    private let workspace = Workspace()

    /// Reads the checkpoint at `path`; windows have at most `steps` steps. Throws as `StoredCheckpoint`.
    public convenience init(checkpoint path: String, steps: Int) throws {
        try self.init(StoredCheckpoint(path: path), steps: steps)
    }

    /// Takes the model of an open checkpoint; windows have at most `steps` steps. Throws `CheckpointError` if the file has changed since, and
    /// `RunCheckError` (70) if a limit of the process is too low.
    public init(_ stored: StoredCheckpoint, steps: Int) throws {
        Processor.flushDenormals()
        let shape = stored.modelShape
        // In the precision of the run, so that a text has the loss here that it had in the run.
        let build = BuildSettings(
            WindowCapacity(steps: steps, streams: 1, training: false), precision: stored.configuration.precision)
        let needs = shape.needs(build)
        let layout = needs.parameters
        try ProcessRoom.require(
            bytes: 4 * (layout.elementCount + needs.packed.elementCount) + needs.byteCount)
        let values = workspace.allocate(Float.self, count: layout.elementCount)
        try stored.copyParameters(to: values, layout: layout)
        parameters = ParameterSet(layout: layout, values: values, gradients: [])
        weights = PackedWeights(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<layout.elementCount)
        model = LanguageModel(shape, Builder(making: build, parameters: parameters, weights: weights))
        self.shape = shape
        vocabulary = stored.vocabulary
        unit = stored.vocabulary.unit
        model.resetState()
    }

    /// The token before a text without context: the line end, or the first symbol of a vocabulary of characters that has none.
    package var startToken: Int32 { vocabulary.endOfLineID ?? vocabulary.id(of: "\n") ?? 0 }
}
