import Failures
import Runs

extension TrainingReport {
    /// Reports a return to the state of a checkpoint, whose parameters have this digest.
    func rollback(_ state: TrainingState, digest: String, foundAt step: Int, reason: String) throws {
        guard let log else { return }
        let rate = state.rateScale.map { ", with the learning rate multiplied by \(NumberText.significant($0))" } ?? ""
        say("step \(step): \(reason): returned to the checkpoint after step \(state.step)\(rate)")
        try log.write(
            "rollback",
            [
                ("step", .integer(state.step)), ("found_at", .integer(step)), ("reason", .text(reason)),
                ("rate_scale", .number(state.rateScale ?? 1)), ("parameters_digest", .text(digest)),
            ])
        // Before the next checkpoint: without this line, its step would be one that the log passes without a checkpoint.
        log.synchronize()
    }

    /// Makes the line of a checkpoint durable, which is about to be written.
    func checkpoint(_ state: TrainingState, path: String, parametersDigest: String) throws {
        try log?.write(
            "checkpoint",
            [("step", .integer(state.step)), ("path", .text(path)), ("parameters_digest", .text(parametersDigest))])
        log?.synchronize()
    }
}
