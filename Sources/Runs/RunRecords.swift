public import Checkpoints
package import Configuration
import Digests
import Failures
import Files
import Foundation
package import Kinds
import TextData

/// The files of a run folder that its checkpoints are compared with: `config.toml` and `metrics.jsonl`.
///
/// A file that is missing or unreadable is not compared. `warnings` names files that exist and are unreadable or changed.
public struct RunRecords {
    package let folder: RunFolder
    /// The keys that `config.toml` sets.
    private let configuration: ConfigurationFile?
    package let log: LoggedModels?
    /// A changed line of the log; nil if there is none.
    package let change: StoredRunError?
    /// The files that cannot be read, and the changed line.
    package let warnings: [String]
    /// The place in the log of the last checkpoint that is left.
    private let lastPlace: LogPlace?

    /// The records without the files that belong to another run.
    package func without(configuration isForeign: Bool, log isForeignLog: Bool) -> RunRecords {
        RunRecords(
            folder: folder, configuration: isForeign ? nil : configuration, log: isForeignLog ? nil : log, change: change,
            warnings: warnings, lastPlace: isForeignLog ? nil : lastPlace)
    }

    /// A checkpoint and a file of the run folder that cannot belong to the same run.
    package struct Conflict {
        package enum File { case configuration, metrics }

        package let file: File
        /// Both values, as a clause.
        package let reason: String
    }

    /// Reads the files of the run in `folder`. Cost: one pass over the log.
    public init(_ folder: RunFolder) {
        self.folder = folder
        var warnings: [String] = []
        configuration = Self.value(folder.configurationPath, &warnings) { try ConfigurationFile(ofRunAt: $0) }
        let metrics = Self.value(folder.metricsPath, &warnings) { try MetricsReader(path: $0, modelsOnly: true) }
        change = metrics?.change
        if let change { warnings.append("\(change)") }
        log = metrics?.models
        self.warnings = warnings
        lastPlace = log?.lastPlace(of: Self.checkpoints(left: folder)) { Self.isDamaged(folder.checkpoints.path(forStep: $0)) }
    }

    private init(
        folder: RunFolder, configuration: ConfigurationFile?, log: LoggedModels?, change: StoredRunError?, warnings: [String],
        lastPlace: LogPlace?
    ) {
        (self.folder, self.configuration, self.log) = (folder, configuration, log)
        (self.change, self.warnings, self.lastPlace) = (change, warnings, lastPlace)
    }

    /// The checkpoints in the folder, by their headers.
    private static func checkpoints(left folder: RunFolder) -> [CheckpointMark] {
        (value { try folder.checkpoints.generations() } ?? []).map { generation in
            let header = value { try SafetensorsReader.metadata(path: generation.path) }
            return CheckpointMark(step: generation.step, digest: header?[SafetensorsReader.digestKey])
        }
    }

    private static func isDamaged(_ path: String) -> Bool {
        do {
            _ = try StoredCheckpoint(path: path)
            return false
        } catch {
            return (error as? any UserFacingError)?.exitStatus == .badData
        }
    }

    /// Nil for a file that is missing or unreadable. An unreadable one gets a warning.
    private static func value<Value>(_ path: String, _ warnings: inout [String], _ read: (String) throws -> Value) -> Value? {
        do {
            return try read(path)
        } catch {
            if pathExists(path) { warnings.append("\(error) The checkpoints are not compared with it.") }
            return nil
        }
    }

    /// Nil for an unreadable file: `verify` reports it, and a resume does not need it.
    private static func value<Value>(_ read: () throws -> Value) -> Value? {
        do { return try read() } catch { return nil }
    }

    /// Why a checkpoint does not belong to this run; nil if there is no contradiction.
    ///
    /// - Parameter isGeneration: whether it is one of the checkpoints from which the run can be resumed, and not its best model.
    package func conflict(with checkpoint: CheckpointFacts, isGeneration: Bool) -> Conflict? {
        if let reason = otherConfiguration(checkpoint.configuration) { return Conflict(file: .configuration, reason: reason) }
        if let reason = log?.contradiction(checkpoint) { return Conflict(file: .metrics, reason: reason) }
        guard isGeneration, let log else { return nil }
        return log.absence(ofCheckpointAfter: checkpoint.state.step, digest: checkpoint.parametersDigest, last: lastPlace)
            .map { Conflict(file: .metrics, reason: $0) }
    }

    /// A configuration with the values of `config.toml`.
    func configured(_ configuration: TrainingConfiguration) -> TrainingConfiguration {
        var configured = configuration
        self.configuration?.apply(to: &configured)
        return configured
    }

    /// The keys that may change and whose value in `config.toml` differs from that in a checkpoint.
    package func changedKeys(since checkpoint: StoredCheckpoint) -> [ChangedKey] {
        guard let configuration else { return [] }
        let stored = checkpoint.configuration
        var now = stored
        configuration.apply(to: &now)
        // The folder may have been moved.
        return ConfigurationKey.allCases.filter { $0 != .run && !$0.isFixedOnResume && configuration.values[$0] != nil }
            .filter { now.value(of: $0) != stored.value(of: $0) }
            .map { ChangedKey(key: $0, checkpoint: stored.value(of: $0), file: now.value(of: $0)) }
    }

    /// The warning that `config.toml` is from another run than the best model or the newest checkpoint, of which only the header is read; nil
    /// if it is not, or if neither can be read.
    package func foreignConfiguration() -> StoredRunError? {
        let generations = Self.value { try folder.checkpoints.generations() } ?? []
        for path in [folder.checkpoints.bestPath] + generations.map(\.path) {
            guard let text = Self.value({ try SafetensorsReader.metadata(path: path) })?["configuration"],
                let stored = Self.value({ try JSONDecoder().decode(TrainingConfiguration.self, from: Data(text.utf8)) })
            else { continue }
            guard let reason = otherConfiguration(stored) else { return nil }
            return .foreignCheckpoint(path: path, file: folder.configurationPath, reason: reason)
        }
        guard let seed = log?.seed, let file = configuration?.values[.seed], file != .integer(seed) else { return nil }
        return .foreignCheckpoint(
            path: folder.metricsPath, file: folder.configurationPath, reason: "its seed is \(seed), but the file has \(file)")
    }

    private func otherConfiguration(_ stored: TrainingConfiguration) -> String? {
        guard let configuration else { return nil }
        var asked = stored
        configuration.apply(to: &asked)
        let changes = asked.forbiddenChanges(from: stored).filter { configuration.values[$0.key] != nil }
        return changes.isEmpty ? nil : changes.map(\.comparison).joined(separator: "; ")
    }

    /// Throws `StoredRunError.foreignCheckpoint` for a checkpoint that does not belong to this run.
    package func requireAgreement(_ checkpoint: CheckpointFacts, isGeneration: Bool) throws(StoredRunError) {
        guard let conflict = conflict(with: checkpoint, isGeneration: isGeneration) else { return }
        throw .foreignCheckpoint(path: checkpoint.path, file: path(of: conflict.file), reason: conflict.reason)
    }

    /// Throws `StoredRunError.foreignCheckpoint` if the vocabulary differs from `vocabulary.json`.
    func requireVocabulary(_ checkpoint: StoredCheckpoint) throws(StoredRunError) {
        guard let vocabulary = Self.value({ try Vocabulary(path: folder.vocabularyPath) }),
            vocabulary.digest != checkpoint.vocabulary.digest
        else { return }
        throw .foreignCheckpoint(
            path: checkpoint.path, file: folder.vocabularyPath,
            reason:
                "the digest of its vocabulary is \(checkpoint.vocabulary.digest.hexadecimal), but the file has \(vocabulary.digest.hexadecimal)"
        )
    }

    /// The best model of the run for commands other than training, with warnings, and the checkpoints that it cannot be compared with.
    ///
    /// Throws the errors of opening the file and of `BestComparison.model`.
    func best() throws -> (checkpoint: StoredCheckpoint, passedOver: [PassedOverCheckpoint], warnings: [String]) {
        let path = folder.checkpoints.bestPath
        // Reads the newest checkpoint first. If a training job writes a newer best model meanwhile, the checkpoint is older than
        // the model.
        let newest = try newestForComparison()
        let best = try StoredCheckpoint(path: path, checkingLimits: true)
        let comparison = BestComparison(records: self, run: newest.run)
        let notes = comparison.notes(of: try comparison.model(of: best)).map { "\(path): \($0)." }
        // A job that trains may have removed a checkpoint meanwhile.
        if folder.isInUse { return (best, [], warnings + notes) }
        return (best, newest.passedOver.filter { pathExists($0.generation.path) }, warnings + notes + newest.warnings)
    }

    /// The newest checkpoint's view of the run, nil if no checkpoint is usable; and why newer checkpoints are not usable.
    private func newestForComparison() throws -> (
        run: BestComparison.Run?, passedOver: [PassedOverCheckpoint], warnings: [String]
    ) {
        do {
            guard let newest = try newestCheckpoint() else { return (nil, [], []) }
            return (BestComparison.Run(newest.contents), newest.passedOver, [])
        } catch let error as any UserFacingError where error.exitStatus == .badData || error.exitStatus == .inputMissing {
            if case CheckpointError.noneValid(_, let passedOver) = error { return (nil, passedOver, []) }
            return (nil, [], ["\(error)"])
        }
    }

    package func path(of file: Conflict.File) -> String {
        switch file {
        case .configuration: folder.configurationPath
        case .metrics: folder.metricsPath
        }
    }

    /// The number of windows of the training text in an epoch, from its token file; nil if the file is missing, damaged or of
    /// another text.
    package func windowCount(_ checkpoint: StoredCheckpoint) -> Int? {
        let configuration = checkpoint.configuration
        let expected = checkpoint.textDigests[TextRole.train.rawValue]
        guard let tokens = Self.value({ try TokenFile(path: folder.tokensPath(.train)) }),
            expected == nil || expected == tokens.textDigest.hexadecimal,
            tokens.vocabularyDigest == checkpoint.vocabulary.digest,
            let layout = Self.value({
                try configuration.batches(
                    of: TokenFileText(tokens, lineEnd: checkpoint.vocabulary.lineEndID),
                    configuration.symbols(checkpoint.vocabulary), source: tokens.path, training: true)
            })
        else { return nil }
        return layout.windowCount
    }
}

extension ConfigurationChange {
    /// The values of the checkpoint and of `config.toml`, as a clause.
    fileprivate var comparison: String {
        "its \(key.rawValue) is \(stored?.description ?? "not set"), but the file has \(requested?.description ?? "none")"
    }
}

/// A key whose value in `config.toml` differs from that in the checkpoint.
package struct ChangedKey: CustomStringConvertible {
    package let key: ConfigurationKey
    let checkpoint: ConfigurationValue?
    let file: ConfigurationValue?

    /// Whether a configuration has the value of `config.toml`.
    package func isIn(_ configuration: TrainingConfiguration) -> Bool { configuration.value(of: key) == file }

    package var description: String {
        "\(key.rawValue) was \(value: checkpoint?.description ?? "not set") in the checkpoint, and is now \(value: file?.description ?? "not set")"
    }
}
