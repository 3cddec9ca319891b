/// A part of `metrics.jsonl` with consecutive steps. It begins when a job starts, and when a run returns to a checkpoint.
struct LogPart: Equatable, Sendable {
    /// The number of steps before the part.
    let begin: Int
    /// Whether the part begins with the line of a start, a resume or a return, and not in the middle of a job.
    let hasBegin: Bool
    /// The last step in the part.
    private(set) var lastStep: Int
    /// The last line `checkpoint`.
    private(set) var checkpoint: Checkpoint?
    /// The steps of the lines `checkpoint`.
    private(set) var checkpointSteps: Set<Int> = []

    /// Whether the part has a checkpoint of a step that it made.
    var hasWritten: Bool { checkpointSteps.contains { $0 > begin } }

    struct Checkpoint: Equatable, Sendable {
        let step: Int
        let digest: String?
    }

    init(event: String, step: Int) {
        hasBegin = ["start", "resume", "rollback"].contains(event)
        (begin, lastStep) = (step, step)
    }

    mutating func take(_ line: LoggedModels.Line, _ step: Int) {
        lastStep = max(lastStep, step)
        guard line.event == "checkpoint" else { return }
        checkpoint = Checkpoint(step: step, digest: line.parameters_digest)
        checkpointSteps.insert(step)
    }

    /// Whether the part has lines before and after this step, so that a validation of the step would have a line.
    func passes(_ step: Int) -> Bool { hasBegin && begin < step && step < lastStep }
}
