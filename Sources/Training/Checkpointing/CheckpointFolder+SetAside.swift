import Checkpoints
import Communication
import Failures
import Files
import Runs

extension CheckpointFolder {
    /// Renames the checkpoints that the run does not use, with a warning for each.
    ///
    /// Otherwise a later job might continue from one of another run or of abandoned steps, or remove the run's own ones for it. These stay: those that
    /// the system cannot read, and, unless `logIsSound`, those that are valid but disagree with other files: without the log, it is not known which are the run's. The next job examines them again.
    ///
    /// Throws `FileError` if a file cannot be renamed.
    func setAside(_ skipped: [PassedOverCheckpoint], logIsSound: Bool = true) throws {
        for checkpoint in skipped {
            let isUseless = checkpoint.isInvalid && (logIsSound || !checkpoint.isForeign)
            // Said at once: what follows may fail.
            StandardError.warn(
                checkpoint.notice + (isUseless ? ". The file is now \(try setAside(checkpoint.generation))." : "."))
        }
    }
}

extension CheckpointFolder {
    /// Renames a checkpoint of this step that is not the job's own, before the job writes its own: it may be of use with another log, or when it can be
    /// read again. Throws `FileError` if it cannot be renamed.
    func setAside(step: Int, unlessIn own: OwnGenerations) throws(FileError) {
        guard let other = try generations().first(where: { $0.step == step }), !own.contains(other) else { return }
        StandardError.warn(
            "\(other.path) is not used, and the run now has another checkpoint of this step. The file is now \(try setAside(other))."
        )
    }
}

extension PassedOverCheckpoint {
    /// A sentence without a period.
    var notice: String { "skipped: \(faultText(reason))" }

    /// Whether the file was read, and is of no use to the run.
    fileprivate var isInvalid: Bool { (reason as? any UserFacingError)?.exitStatus == .badData }

    /// Whether it disagrees with the files of the run.
    fileprivate var isForeign: Bool { if case .foreignCheckpoint? = reason as? StoredRunError { true } else { false } }
}
