import Checkpoints
import Communication
import Failures
import Runs

extension CheckpointFolder {
    /// Renames the checkpoints that the run does not use, with a warning for each.
    ///
    /// Otherwise a later job might continue from one of another run or of abandoned steps, or remove the run's own ones for it. These stay: those that
    /// the system cannot read, and, unless `logIsSound`, those that are valid but disagree with the files of the run. The next job examines them again.
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

extension PassedOverCheckpoint {
    /// A sentence without a period.
    var notice: String { "skipped: \(faultText(reason))" }

    /// Whether the file was read, and is of no use to the run.
    fileprivate var isInvalid: Bool { (reason as? any UserFacingError)?.exitStatus == .badData }

    /// Whether it disagrees with the files of the run.
    fileprivate var isForeign: Bool { if case .foreignCheckpoint? = reason as? StoredRunError { true } else { false } }
}
