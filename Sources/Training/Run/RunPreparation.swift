import Checkpoints
import Communication
import Files
import Runs
import Tensors
import TextData

/// Rank 0's work before a run: checks, run folder and lock, vocabulary, token files, and for a resumed run its checkpoint.
///
/// All ranks read the texts; a text whose stamp is known is not read.
/// Everything that can be found wrong with texts and options is found before a file is written.
final class RunPreparation {
    let plan: RunPlan
    let vocabulary: Vocabulary
    let folder: RunFolder
    /// Digests of the texts by role.
    let textDigests: [String: String]
    /// The checkpoint that the run goes on from; nil for a new one, and once it was taken.
    private var checkpoint: StoredCheckpoint?
    /// What the user should know besides, a line each: newer checkpoints that did not verify, a lock that locks nothing.
    let notices: [String]
    private let lock: RunLock
    /// A new run's folder, until the run begins.
    private let newFolder: NewRunFolder?

    init(
        plan: RunPlan, vocabulary: Vocabulary, folder: RunFolder, textDigests: [String: String], lock: RunLock,
        newFolder: NewRunFolder? = nil, checkpoint: StoredCheckpoint? = nil, notices: [String] = []
    ) {
        self.plan = plan
        self.vocabulary = vocabulary
        self.folder = folder
        self.textDigests = textDigests
        self.lock = lock
        self.newFolder = newFolder
        self.checkpoint = checkpoint
        self.notices = notices + Self.notices(of: lock) + Self.notices(of: plan.configuration.precision)
    }

    private static func notices(of precision: Precision) -> [String] {
        guard precision == .bf16, !Processor.hasBF16 else { return [] }
        return ["this processor has no bf16 instructions: the results are the same, and the speed is about that of fp32"]
    }

    private static func notices(of lock: RunLock) -> [String] {
        let takeover = lock.takenOverFrom.map { "took over the lock of a job that has ended: \($0)" }
        let warning =
            lock.isEnforced
            ? nil : "\(lock.path): this file system does not support locks; do not start a second job in this folder"
        return [takeover, warning].compactMap { $0 }
    }

    /// Writes `config.toml`: from now on the run is there, and can be resumed. What a resume has changed stays changed; a vocabulary
    /// that is lost is written again.
    ///
    /// To be called when nothing but the first step is left to do. Throws as `DurableFile`.
    func establish() throws {
        let path = folder.vocabularyPath
        let isLost = plan.isResumed && (!pathExists(path) || (try? Vocabulary(path: path))?.digest != vocabulary.digest)
        try Watchdog.waitingForDisk { _ in
            if isLost { try DurableFile.write(vocabulary.jsonText(), to: lock.folder.place(RunFile.vocabulary)) }
            try DurableFile.write(plan.configuration.toml, to: lock.folder.place(RunFile.configuration))
        }
    }

    /// The checkpoint, for the one who restores from it: an open file keeps its room on the disk after it was removed.
    func takeCheckpoint() -> StoredCheckpoint? {
        defer { checkpoint = nil }
        return checkpoint
    }

    /// Removes what was made for a new run that does not come to its first step.
    func abandon() { newFolder?.discard() }

    /// The run's checkpoints, to be written.
    var checkpoints: CheckpointFolder { CheckpointFolder(lockedBy: lock) }

    /// Where the run's log is written.
    var metricsPlace: FilePlace { lock.folder.place(RunFile.metrics) }
}
