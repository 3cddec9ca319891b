import Communication
import Configuration
import Inference
import Models
import Runs
import Tensors
import TextData

/// Generates a text with the parameters of a training step, on rank 0.
///
/// The text depends on the parameters, the run's seed and the step alone. The numbers of the training are not touched.
final class TextSampling {
    private let model: SequenceModel
    private let vocabulary: Vocabulary
    private let configuration: TrainingConfiguration
    /// For messages.
    private let runFolder: String

    /// - Parameter parallel: the model whose parameters at the time of sampling are used.
    init(parallel: ParallelModel, vocabulary: Vocabulary, runFolder: String, _ configuration: TrainingConfiguration) {
        model = parallel.scoringModel(capacity: Self.capacity)
        self.vocabulary = vocabulary
        self.configuration = configuration
        self.runFolder = runFolder
    }

    private static var capacity: WindowCapacity { WindowCapacity(steps: 1, streams: 1, training: false) }

    /// The bytes of the buffers.
    var byteCount: Int { model.byteCount }

    /// The bytes of the buffers for a model of this shape, without creating it.
    static func byteCount(_ shape: ModelShape, precision: Precision) -> Int {
        shape.needs(BuildSettings(capacity, precision: precision)).byteCount
    }

    /// A text of 50 words, or of 200 characters or bytes; for a model of lines, a line of at most this length.
    ///
    /// Nil if a logit is not finite. Bytes that are not valid UTF-8 are replaced.
    func text(step: Int) throws -> String? {
        let rule = SamplingRule(seed: UInt64(configuration.seed))
        let generation = Generation(
            model, vocabulary, checkpoint: runFolder, rule: rule, sample: step,
            separatesLines: configuration.separatesLines)
        let length = vocabulary.unit == .word ? 50 : 200
        var text: [UInt8] = []
        let sink: ([UInt8]) throws -> Void = {
            text += $0
            Watchdog.progress()
        }
        do {
            if configuration.separatesLines {
                try generation.generateLines(1, after: [], length: length, to: sink)
            } else {
                try generation.generate(after: [], length: length, to: sink)
            }
        } catch StoredRunError.overflow {
            return nil
        }
        return String(decoding: text, as: UTF8.self)
    }
}
