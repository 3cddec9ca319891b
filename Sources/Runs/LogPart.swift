/// A part of `metrics.jsonl` with consecutive steps. It begins when a job starts, and when a run returns to a checkpoint.
struct LogPart: Equatable, Sendable {
    /// The number of steps before the part.
    let begin: Int
    /// Where in an earlier part the run was when this one began; nil for the first part, and for a start from the first step.
    let origin: LogPlace?
    /// Whether the part begins with the line of a start, a resume or a return, and not in the middle of a job.
    let hasBegin: Bool
    /// Whether the job also wrote its points to the event file of TensorBoard. True for a log without this field.
    let hasEvents: Bool
    /// The last step in the part.
    private(set) var lastStep: Int
    /// The last line `checkpoint`.
    private(set) var checkpoint: Checkpoint?

    struct Checkpoint: Equatable, Sendable {
        let step: Int
        let digest: String?
    }

    init(event: String, step: Int, origin: LogPlace?, hasEvents: Bool) {
        hasBegin = LoggedModels.beginnings.contains(event)
        self.hasEvents = hasEvents
        (begin, lastStep, self.origin) = (step, step, origin)
    }

    mutating func take(_ line: LoggedModels.Line, _ step: Int) {
        lastStep = max(lastStep, step)
        guard line.event == "checkpoint" else { return }
        checkpoint = Checkpoint(step: step, digest: line.parameters_digest)
    }

    /// Whether the part has lines before and after this step, so that a validation of the step would have a line.
    func passes(_ step: Int) -> Bool { hasBegin && begin < step && step < lastStep }
}

/// A place in the log: after a number of steps, in the part that made them.
struct LogPlace: Hashable, Sendable {
    /// The index of the part.
    let part: Int
    let step: Int
}
