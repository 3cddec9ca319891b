import Optimizers
public import Checkpoints
public import Configuration
import Foundation
public import Models
public import Tensors
public import TextData

/// An open checkpoint of rnntrain, with its texts decoded and its arrays accessible by purpose.
public final class StoredCheckpoint {
    /// What the header says about the run.
    package private(set) var facts: CheckpointFacts
    /// The digest of what `evaluate` uses, see `copyModel`.
    package private(set) var modelDigest = ""
    package let reader: SafetensorsReader

    /// Opens and verifies the file at `path`: every byte, and the consistency of its texts and values. Reads it twice.
    ///
    /// With `checkingLimits`, it first checks that the limits of the process (`ulimit -v`, `ulimit -d`) suffice to read the file
    /// and to use its model. A training run has already checked this.
    ///
    /// Throws `RunCheckError.processLimit`, `CheckpointError`, `TextDataError.badVocabulary`,
    /// `StoredRunError.incompleteCheckpoint`, `.inconsistentCheckpoint` and `.impossibleValue`.
    public convenience init(path: String, checkingLimits: Bool = false) throws {
        if checkingLimits { try ProcessRoom.require(bytes: 1 << 20) }
        let reader = try SafetensorsReader(path: path)
        if checkingLimits { try ProcessRoom.require(bytes: 3 * Self.parameterByteCount(reader)) }
        try self.init(reader)
    }

    /// Decodes the texts of an open checkpoint.
    package init(_ reader: SafetensorsReader) throws {
        self.reader = reader
        facts = try CheckpointFacts(path: reader.path, metadata: reader.metadata)
        try checkConsistency()
        facts.parametersDigest = try checkValues()
        modelDigest = isModelAside ? try digestOfModel() : parametersDigest
    }

    /// The bytes of the parameters. A reader of a checkpoint measures its model and copies its arrays. A user of the model holds
    /// the parameters twice, once of them packed.
    private static func parameterByteCount(_ reader: SafetensorsReader) -> Int {
        let others = ["optimizer.", "state."]
        return reader.arrays.filter { array in !others.contains { array.name.hasPrefix($0) } }
            .reduce(0) { $0 + $1.shape.reduce($1.elementType.byteCount, *) }
    }

    /// The path of the file, as given.
    package var path: String { reader.path }

    /// The configuration of the run.
    public var configuration: TrainingConfiguration { facts.configuration }
    public var vocabulary: Vocabulary { facts.vocabulary }
    public var state: TrainingState { facts.state }
    /// Digests of the run's texts, by role.
    public var textDigests: [String: String] { facts.textDigests }
    /// The identity of the run; nil in files of programs before 0.2.
    package var runIdentity: RunIdentity? { facts.runIdentity }
    /// The digest of the parameters, as in the log.
    package var parametersDigest: String { facts.parametersDigest ?? "" }

    /// The shape of the model.
    public var modelShape: ModelShape {
        configuration.modelShape(vocabularySize: vocabulary.size, tokenCounts: configuration.tokenCounts(of: vocabulary))
    }

    /// Copies all parameters of training to `values`, laid out as `layout`. Padding is unchanged. See `copyModel` for a rule that averages them.
    public func copyParameters(to values: UnsafeMutablePointer<Float>, layout: ParameterLayout) throws(CheckpointError) {
        try copy("", to: values, layout: layout)
    }

    /// Copies the parameters of the model, which all commands but training use: their average if the run's rule averages them.
    package func copyModel(to values: UnsafeMutablePointer<Float>, layout: ParameterLayout) throws(CheckpointError) {
        for entry in layout.entries { try copy(nameOfModel(entry.name), entry, to: values) }
    }

    /// Copies a moment of all parameters, such as `first_moment`.
    package func copyMoment(
        _ name: String, to values: UnsafeMutablePointer<Float>, layout: ParameterLayout
    ) throws(CheckpointError) {
        try copy(CheckpointNames.momentPrefix(name), to: values, layout: layout)
    }

    /// The hidden states `[B, H]` of all streams, by the names in `SequenceModel.states`.
    package func hiddenState(_ name: String, streams: Int, columns: Int) throws(CheckpointError) -> [Float] {
        try reader.elements(of: CheckpointNames.state(name), as: Float.self, shape: [streams, columns])
    }

    private func copy(
        _ prefix: String, to values: UnsafeMutablePointer<Float>, layout: ParameterLayout
    ) throws(CheckpointError) {
        for entry in layout.entries { try copy(prefix + entry.name, entry, to: values) }
    }

    private func copy(
        _ name: String, _ entry: ParameterLayout.Entry, to values: UnsafeMutablePointer<Float>
    ) throws(CheckpointError) {
        try reader.copy(
            name, shape: entry.shape, into: UnsafeMutableBufferPointer(start: values + entry.offset, count: entry.count))
    }
}

/// The names of a checkpoint's arrays, other than parameters, which have PyTorch's names.
package enum CheckpointNames {
    package static func momentPrefix(_ moment: String) -> String { "optimizer.\(moment)." }
    package static func state(_ name: String) -> String { "state.\(name)" }
}
