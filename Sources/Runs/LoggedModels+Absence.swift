/// A checkpoint in the folder: its step, and the digest of its parameters, nil if its header cannot be read.
struct CheckpointMark: Hashable {
    let step: Int
    let digest: String?
}

/// What the log says about checkpoints that are not of the run as it continued.
extension LoggedModels {
    /// Why a checkpoint is not of the run as it continued here: the log has no line of it, or the run came to its last checkpoint by other steps. Nil if
    /// it can be of the run.
    ///
    /// A copy of the run that was continued writes such checkpoints, with the same identity; others are of steps that the run has abandoned. A power
    /// failure loses the last lines of a job, but not its first one, which is synchronised.
    ///
    /// - Parameter last: the place of the last checkpoint that is left, see `lastPlace(of:)`.
    func absence(ofCheckpointAfter step: Int, digest: String?, last: LogPlace?) -> String? {
        // All branches have the first checkpoint, of which the log has no line.
        if step == 0 { return nil }
        if let place = place(ofCheckpointAfter: step, digest: digest) {
            guard let last, !leads(place, to: last) else { return nil }
            let continued = lastCommonStep(place, last).map { ": it continued after step \($0) with other steps" }
            return "it is from step \(step), which the run has abandoned" + (continued ?? "")
        }
        guard let part = parts.lastIndex(where: { $0.begin < step }) else { return nil }
        if parts[part].passes(step) {
            return "it is from step \(step), but the log has later steps and no checkpoint of this one"
        }
        guard let end, part == parts.count - 1, step > parts[part].lastStep else { return nil }
        return "it is from step \(step), but by the log the last job ended after step \(end.step)"
    }

    /// The place of the checkpoint that was written last, among those that are left; nil if the log has a line of none. The run is what led to it. A
    /// job that has left no checkpoint leaves nothing to prefer to those of the branch before it.
    ///
    /// - Parameter isDamaged: whether the data of the checkpoint of a step is damaged. Called only if the checkpoints are of several branches, since it
    ///   reads the whole file.
    func lastPlace(of left: [CheckpointMark], isDamaged: (Int) -> Bool) -> LogPlace? {
        var places = left.compactMap { place(ofCheckpointAfter: $0.step, digest: $0.digest) }
        places.sort { ($0.part, $0.step) < ($1.part, $1.step) }
        while let last = places.last {
            if places.allSatisfy({ leads($0, to: last) }) || !isDamaged(last.step) { return last }
            places.removeLast()
        }
        return nil
    }

    /// Notes about steps that no part of the log has, although a later job continued after them.
    package var gaps: [String] {
        var (notes, last) = ([String](), parts.first?.begin ?? 0)
        for part in parts {
            if part.hasBegin, part.begin > last {
                notes.append(
                    "it has no line of the steps after step \(last) up to step \(part.begin), from which a job continued: the lines were lost, as "
                        + "on a full disk or in a power failure")
            }
            last = max(last, part.lastStep)
        }
        return notes
    }

    /// The note about a checkpoint of which the log has no line, because the log has lost its end; nil for any other.
    package func doubt(about checkpoint: CheckpointFacts) -> String? {
        let step = checkpoint.state.step
        guard place(ofCheckpointAfter: step, digest: checkpoint.parametersDigest) == nil,
            let part = parts.last(where: { $0.begin < step }), step > part.lastStep
        else { return nil }
        return
            "it is from step \(step), but the log ends at step \(part.lastStep): the lines between were lost, as after a power failure, or "
            + "the checkpoint is from a copy of the run"
    }

    /// The note that the last checkpoint of the log is missing, although it is later than the newest one, after `step`; nil if it is not.
    package func lostCheckpoint(after step: Int, exists: (Int) -> Bool) -> String? {
        guard let last = lastCheckpoint, last > step, !exists(last) else { return nil }
        return
            "by the log there was a checkpoint after step \(last): it was removed, or the job ended before it was complete. A resume repeats the steps "
            + "after step \(step)"
    }
}
