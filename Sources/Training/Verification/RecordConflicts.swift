import Runs

/// Decides which file of a run folder is foreign if a checkpoint disagrees with `config.toml` or `metrics.jsonl`.
///
/// The checkpoint is foreign, unless every checkpoint disagrees with the same file. Then that file is foreign.
struct RecordConflicts {
    private let records: RunRecords
    private let models: [CheckpointVerification]
    private let conflicts: [RunRecords.Conflict?]

    /// - Parameter models: the checkpoints and the best model, if they were read and are valid on their own.
    init(_ records: RunRecords, _ models: [CheckpointVerification]) {
        (self.records, self.models) = (records, models)
        conflicts = models.map { model in
            guard model.file.problem == nil, let checkpoint = model.checkpoint else { return nil }
            return records.conflict(with: checkpoint.facts, isGeneration: model.file.kind == .checkpoint)
        }
    }

    /// Marks the foreign files, with the reasons.
    func mark(
        _ models: inout [CheckpointVerification], configuration: inout VerifiedFile, metrics: inout VerifiedFile
    ) {
        let foreign = [foreignRecord(.configuration), foreignRecord(.metrics)]
        for (file, isForeign) in zip([RunRecords.Conflict.File.configuration, .metrics], foreign) where isForeign {
            guard let place = conflicts.firstIndex(where: { $0?.file == file }), let conflict = conflicts[place] else { continue }
            let error = StoredRunError.foreignRecord(
                path: records.path(of: file), checkpoint: models[place].file.path, reason: conflict.reason)
            switch file {
            case .configuration: configuration.failAsForeign(error)
            case .metrics: metrics.failAsForeign(error)
            }
        }
        for (index, conflict) in conflicts.enumerated() {
            guard let conflict, !foreign[conflict.file == .configuration ? 0 : 1] else { continue }
            let path = models[index].file.path
            models[index].file.fail(
                "\(StoredRunError.foreignCheckpoint(path: path, file: records.path(of: conflict.file), reason: conflict.reason))")
        }
    }

    /// Whether the log has a digest of the checkpoint's step, or the identity of its run: it may have lost its last lines.
    private func agreesWithLog(_ checkpoint: CheckpointFacts) -> Bool {
        guard let log = records.log else { return false }
        return log.covers(checkpoint) || checkpoint.runIdentity != nil && checkpoint.runIdentity == log.identity
    }

    private func foreignRecord(_ file: RunRecords.Conflict.File) -> Bool {
        let comparable = models.indices.filter { index in
            guard let checkpoint = models[index].checkpoint, models[index].file.problem == nil else { return false }
            switch file {
            case .configuration: return true
            // A checkpoint of another configuration cannot be compared with the log.
            case .metrics: return conflicts[index].map { $0.file == .metrics } ?? agreesWithLog(checkpoint.facts)
            }
        }
        guard !comparable.isEmpty, comparable.allSatisfy({ conflicts[$0]?.file == file }) else { return false }
        switch file {
        case .configuration: return true
        // A single checkpoint with other parameters may itself have been changed. It agrees with config.toml, so a different seed
        // means that the log is foreign.
        case .metrics:
            return comparable.count > 1
                || models[comparable[0]].checkpoint.map { records.log?.isOfAnotherRun(than: $0.facts) == true } ?? false
        }
    }
}
