public import Checkpoints
import Failures

/// The checkpoints of a run.
extension RunRecords {
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
        try requireAgreement(checkpoint.facts, isGeneration: true)
        if let windowCount = windowCount(checkpoint) { try checkpoint.checkPosition(windowCount: windowCount) }
        return checkpoint
    }

    /// The checkpoints of the run up to the one from which it continues, and those in between that are not of the run, newest first. Only the headers
    /// are read.
    ///
    /// Throws `FileError` if the folder cannot be listed. A file that the system cannot read is in neither list.
    package func checkpoints(upTo newest: StoredCheckpoint) throws -> (own: OwnGenerations, passedOver: [PassedOverCheckpoint]) {
        var own = OwnGenerations()
        own.insert(newest.state.step, digest: newest.parametersDigest)
        var passedOver: [PassedOverCheckpoint] = []
        for generation in try folder.checkpoints.generations() where generation.step < newest.state.step {
            do {
                let checkpoint = try CheckpointFacts(path: generation.path)
                try requireAgreement(checkpoint, isGeneration: true)
                try checkpoint.requireSameRun(as: newest.facts)
                own.insert(generation.step, digest: checkpoint.parametersDigest)
            } catch let error as any UserFacingError {
                if error.exitStatus == .badData { passedOver.append(PassedOverCheckpoint(generation: generation, reason: error)) }
            }
        }
        return (own, passedOver)
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
}
