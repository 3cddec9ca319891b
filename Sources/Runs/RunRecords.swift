public import Checkpoints
import Configuration
import Digests
import Failures
import Files
import TextData

/// The files of a run folder that its checkpoints are compared with: `config.toml` and `metrics.jsonl`.
///
/// A file that is missing or unreadable is not compared.
public struct RunRecords {
    package let folder: RunFolder
    /// The keys that `config.toml` sets.
    private let configuration: ConfigurationFile?
    package let log: LoggedModels?

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
        configuration = Self.value { try ConfigurationFile(path: folder.configurationPath) }
        log = Self.value { try MetricsReader(path: folder.metricsPath, modelsOnly: true).models }
    }

    /// Nil for an unreadable file: `verify` reports it, and a resume does not need it.
    private static func value<Value>(_ read: () throws -> Value) -> Value? {
        do { return try read() } catch { return nil }
    }

    /// Why a checkpoint does not belong to this run; nil if there is no contradiction.
    package func conflict(with checkpoint: StoredCheckpoint) -> Conflict? {
        if let reason = otherConfiguration(checkpoint.configuration) { return Conflict(file: .configuration, reason: reason) }
        if let reason = log?.contradiction(checkpoint) { return Conflict(file: .metrics, reason: reason) }
        return nil
    }

    private func otherConfiguration(_ stored: TrainingConfiguration) -> String? {
        guard let configuration else { return nil }
        var asked = stored
        configuration.apply(to: &asked)
        let changes = asked.forbiddenChanges(from: stored).filter { configuration.values[$0.key] != nil }
        return changes.isEmpty ? nil : changes.map(\.comparison).joined(separator: "; ")
    }

    /// Throws `StoredRunError.foreignCheckpoint` for a checkpoint that does not belong to this run.
    package func requireAgreement(_ checkpoint: StoredCheckpoint) throws(StoredRunError) {
        guard let conflict = conflict(with: checkpoint) else { return }
        throw .foreignCheckpoint(path: checkpoint.path, file: path(of: conflict.file), reason: conflict.reason)
    }

    /// Throws `StoredRunError.foreignCheckpoint` for a best model that does not belong to this run, or that is worse than another
    /// one in the log.
    package func requireBest(_ best: StoredCheckpoint) throws(StoredRunError) {
        try requireAgreement(best)
        try requireLoggedBest(best)
    }

    /// Throws `StoredRunError.foreignCheckpoint` for a model that is worse than another one in the log.
    package func requireLoggedBest(_ best: StoredCheckpoint) throws(StoredRunError) {
        guard log?.deniesBest(ofStep: best.state.step) == true else { return }
        throw .foreignCheckpoint(
            path: best.path, file: folder.metricsPath,
            reason: "it is from step \(best.state.step), but by the log the best parameters were those of another step")
    }

    /// Like `requireBest`, for commands other than training: also compares the vocabulary with `vocabulary.json`.
    public func requireOwnBest(_ best: StoredCheckpoint) throws {
        try requireBest(best)
        _ = try best.bestModel()
        guard let vocabulary = Self.value({ try Vocabulary(path: folder.vocabularyPath) }),
            vocabulary.digest != best.vocabulary.digest
        else { return }
        throw StoredRunError.foreignCheckpoint(
            path: best.path, file: folder.vocabularyPath,
            reason:
                "the digest of its vocabulary is \(best.vocabulary.digest.hexadecimal), but the file has \(vocabulary.digest.hexadecimal)"
        )
    }

    package func path(of file: Conflict.File) -> String {
        switch file {
        case .configuration: folder.configurationPath
        case .metrics: folder.metricsPath
        }
    }

    /// The newest checkpoint from which the run can be resumed: valid, of this run, and at a position that the training text has.
    /// Nil if the folder has no checkpoint.
    ///
    /// Throws `CheckpointError.noneValid` with a reason for each checkpoint, or `StoredRunError.foreignRecord` if they are valid
    /// but all disagree with `config.toml` or `metrics.jsonl`.
    public func newestCheckpoint() throws -> NewestCheckpoint<StoredCheckpoint>? {
        if try folder.checkpoints.generations().isEmpty { return nil }
        do {
            return try folder.checkpoints.newestValid(resumable)
        } catch {
            guard case .noneValid(_, let passedOver) = error, let foreign = foreignRecord(passedOver) else { throw error }
            throw foreign
        }
    }

    private func resumable(_ reader: SafetensorsReader) throws -> StoredCheckpoint {
        let checkpoint = try StoredCheckpoint(reader)
        try requireAgreement(checkpoint)
        if let windowCount = windowCount(checkpoint) { try checkpoint.checkPosition(windowCount: windowCount) }
        return checkpoint
    }

    /// Nil unless every checkpoint was rejected because of the same file.
    private func foreignRecord(_ passedOver: [PassedOverCheckpoint]) -> (any Error)? {
        let files = Set(
            passedOver.map { checkpoint -> String? in
                guard case .foreignCheckpoint(_, let file, _)? = checkpoint.reason as? StoredRunError else { return nil }
                return file
            })
        guard files.count == 1, let file = files.first ?? nil, let newest = passedOver.first,
            case .foreignCheckpoint(let path, _, let reason)? = newest.reason as? StoredRunError
        else { return nil }
        return StoredRunError.foreignRecord(path: file, checkpoint: path, reason: reason)
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
                    of: TokenFileText(tokens, lineEnd: checkpoint.vocabulary.lineEndID), source: tokens.path)
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
