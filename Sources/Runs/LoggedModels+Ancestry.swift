/// The branches of a log. A part continues from a checkpoint of an earlier part, and not always of the one before it: a file may have been moved away
/// and back.
extension LoggedModels {
    /// The lines that begin a part.
    package static let beginnings: Set<String> = ["start", "resume", "rollback"]

    /// The last step of each part, counted from 0, that belongs to the run as it continued. It has abandoned or repeated the others.
    package var lastSteps: [Int: Int] { lastPlace.map { lastSteps(of: $0) } ?? [:] }

    /// The last step of each part, counted from 0, on the way to the model of `checkpoint`. If the log has no line of the model: `lastSteps`.
    package func lastSteps(upTo checkpoint: StoredCheckpoint) -> [Int: Int] {
        let (step, digest) = (checkpoint.state.step, checkpoint.modelDigest)
        let validation = validations.last { $0.step == step && $0.digest ?? digest == digest }
        let place = validation.map { self.place(of: $0) } ?? place(ofCheckpointAfter: step, digest: checkpoint.parametersDigest)
        return place.map { lastSteps(of: $0) } ?? lastSteps
    }

    private func lastSteps(of place: LogPlace) -> [Int: Int] {
        Dictionary(way(to: place).map { ($0.part, $0.step) }) { first, _ in first }
    }

    /// The place at which a checkpoint with these parameters was written last; nil if the log has no line of it.
    ///
    /// - Parameter digest: that of the parameters; nil if it is unknown.
    func place(ofCheckpointAfter step: Int, digest: String?) -> LogPlace? {
        writers[step]?.last { $0.digest == nil || digest == nil || $0.digest == digest }.map {
            LogPlace(part: $0.part, step: step)
        }
    }

    /// The place from which a job continues that resumes after `step` steps. If the line of the checkpoint was lost, that of the last part that can
    /// have made the step; nil if there is none.
    func origin(after step: Int, digest: String?) -> LogPlace? {
        place(ofCheckpointAfter: step, digest: digest)
            ?? parts.lastIndex { $0.begin < step }.map { LogPlace(part: $0, step: step) }
    }

    /// Whether the run came through `place` on its way to `end`.
    func leads(_ place: LogPlace, to end: LogPlace) -> Bool {
        way(to: end).first { $0.part <= place.part }.map { $0.part == place.part && place.step <= $0.step } ?? false
    }

    /// The last step that the ways to both places have in common; nil if they have no part in common.
    func lastCommonStep(_ one: LogPlace, _ other: LogPlace) -> Int? {
        let steps = Dictionary(way(to: one).map { ($0.part, $0.step) }) { first, _ in first }
        return way(to: other).compactMap { place in steps[place.part].map { min($0, place.step) } }.first
    }

    /// The last step in the event file of TensorBoard that belongs to the run as a job continues it from a checkpoint. The steps after it are abandoned
    /// or repeated: not only by this job, but also by jobs before it without an event file.
    package func lastStepOfEvents(continuingFrom checkpoint: (step: Int, digest: String?)) -> Int {
        guard let part = parts.lastIndex(where: \.hasEvents),
            let place = origin(after: checkpoint.step, digest: checkpoint.digest)
        else { return checkpoint.step }
        let events = LogPlace(part: part, step: .max)
        // A log that lost its beginning can have two first parts, which continue from steps in the file.
        let common = lastCommonStep(events, place) ?? min(firstStep(before: events), firstStep(before: place))
        return min(checkpoint.step, common)
    }

    /// The number of steps before the first part of the way to a place; 0 if it is a start.
    private func firstStep(before place: LogPlace) -> Int { way(to: place).reduce(0) { _, place in parts[place.part].begin } }

    /// The parts by which the run came to a place, from the last one on, each with the step at which it was left.
    private func way(to end: LogPlace) -> some Sequence<LogPlace> {
        sequence(first: end) { parts[$0.part].origin }
    }

    /// The end of the last part; nil for an empty log.
    var lastPlace: LogPlace? { parts.isEmpty ? nil : LogPlace(part: parts.count - 1, step: .max) }

    /// The place of a line.
    func place(of validation: LoggedValidation) -> LogPlace { LogPlace(part: validation.part, step: validation.step) }

    /// Whether a later part of the log does not continue from the steps up to this validation.
    func hasGoneBack(after line: LoggedValidation) -> Bool {
        var continues: Set<Int> = [line.part]
        for (index, part) in parts.enumerated().dropFirst(line.part + 1) {
            guard let origin = part.origin, continues.contains(origin.part),
                origin.part != line.part || origin.step >= line.step
            else { return true }
            continues.insert(index)
        }
        return false
    }

    /// Whether the log has a better model that was the best one, and that was not made on the way to `end`.
    func hasAbandonedBest(betterThan model: BestModel, onTheWayTo end: LogPlace) -> Bool {
        validations.contains { $0.isBest == true && $0.loss ?? .infinity <= model.loss && !leads(place(of: $0), to: end) }
    }

    /// The place from which the run continues: that of the checkpoint, or without one the end of the log.
    func end(continuingFrom checkpoint: (step: Int, digest: String?)?) -> LogPlace? {
        checkpoint.map { origin(after: $0.step, digest: $0.digest) } ?? lastPlace
    }

    /// The digests of the validations of this step and loss on the way to a checkpoint; empty if one has no digest.
    func digests(
        ofValidation known: (step: Int, loss: Double), before checkpoint: (step: Int, digest: String?)
    ) -> [String] {
        guard let end = origin(after: checkpoint.step, digest: checkpoint.digest) else { return [] }
        let own = validations.filter { $0.step == known.step && $0.loss == known.loss && leads(place(of: $0), to: end) }
        let digests = own.compactMap(\.digest)
        return digests.count == own.count ? digests : []
    }

    /// Whether the run has abandoned the steps that led to a model: it has come to `end` by others. False without a line of a validation of the model.
    package func abandons(_ model: BestModel, continuingFrom checkpoint: (step: Int, digest: String?)? = nil) -> Bool {
        let own = validations.filter { $0.isOf(model) }
        guard let end = end(continuingFrom: checkpoint) else { return !own.isEmpty }
        return !own.isEmpty && own.allSatisfy { !leads(place(of: $0), to: end) }
    }
}
