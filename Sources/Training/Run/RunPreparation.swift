import Checkpoints
import Communication
import Files
import Runs
import Tensors
import TextData

/// Rank 0's work before a run: checks, run folder and lock, vocabulary, token files, and for a resumed run its checkpoint.
///
/// All ranks read the texts, except texts with a known stamp. All errors in texts and options are found before a file is written.
final class RunPreparation {
    let plan: RunPlan
    let vocabulary: Vocabulary
    let folder: RunFolder
    let identity: RunIdentity
    /// Digests of the texts, by role.
    let textDigests: [String: String]
    /// The checkpoint to resume from; nil for a new run, and after `takeCheckpoint`.
    private var checkpoint: StoredCheckpoint?
    /// The checkpoints of the run at its start.
    let ownCheckpoints: OwnGenerations
    /// The digest of the parameters from which a resumed run continues; nil for a new run.
    let resumedDigest: String?
    /// The last step in the event file whose points belong to a resumed run; nil for a new run, and without a log.
    private let lastStepOfEvents: Int?
    /// The vectors of a new run; nil without a file, and after `takeWordVectors`.
    private var wordVectors: WordVectors?
    /// What of the vocabulary and of the training text has a vector; nil without a file.
    let wordVectorCoverage: WordVectorCoverage?
    /// Further notices for the user, one line each, such as a lock that the file system does not enforce.
    let notices: [String]
    private let lock: RunLock
    /// The folder of a new run, until the run begins.
    private let newFolder: NewRunFolder?

    init(
        plan: RunPlan, vocabulary: Vocabulary, folder: RunFolder, identity: RunIdentity, textDigests: [String: String],
        lock: RunLock,
        newFolder: NewRunFolder? = nil, wordVectors: WordVectors? = nil, checkpoint: StoredCheckpoint? = nil,
        ownCheckpoints: OwnGenerations = OwnGenerations(), lastStepOfEvents: Int? = nil, notices: [String] = []
    ) {
        self.plan = plan
        self.vocabulary = vocabulary
        self.folder = folder
        self.identity = identity
        self.textDigests = textDigests
        self.lock = lock
        self.newFolder = newFolder
        self.wordVectors = wordVectors
        wordVectorCoverage = wordVectors.map { WordVectorCoverage(symbols: $0.symbols.count, tokens: $0.tokenCount(vocabulary)) }
        self.checkpoint = checkpoint
        self.ownCheckpoints = ownCheckpoints
        resumedDigest = checkpoint?.parametersDigest
        self.lastStepOfEvents = lastStepOfEvents
        self.notices =
            notices + [wordVectors?.notice(vocabulary)].compactMap { $0 } + (wordVectors?.warnings ?? []) + Self.notices(of: lock)
            + Self.notices(of: plan.configuration.precision)
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

    /// Writes `config.toml`. From now on the run exists and can be resumed. This also stores the changes of a resume, and writes
    /// a lost vocabulary again.
    ///
    /// Call it directly before the first step. Throws the errors of `DurableFile`.
    func establish() throws {
        let path = folder.vocabularyPath
        let isLost = plan.isResumed && (!pathExists(path) || (try? Vocabulary(path: path))?.digest != vocabulary.digest)
        try Watchdog.waitingForDisk {
            if isLost { try DurableFile.write(vocabulary.jsonText(), to: lock.folder.place(RunFile.vocabulary)) }
            try writeTokenizer()
            try DurableFile.write(plan.configuration.toml, to: lock.folder.place(RunFile.configuration))
        }
    }

    /// Writes the copy of the SentencePiece model, if the run has one and the copy is missing or differs.
    private func writeTokenizer() throws {
        guard let model = vocabulary.tokenizer.modelFile else { return }
        let place = lock.folder.place(RunFile.sentencePieceModel)
        // A copy that cannot be read is replaced, too.
        if (try? ReadableFile.contents(of: place.path, limit: RunFile.mostModelBytes)) == model { return }
        try DurableFile.write(model, to: place)
    }

    /// Returns the checkpoint to its user, and releases it here: an open file occupies disk space even after its removal.
    func takeCheckpoint() -> StoredCheckpoint? {
        defer { checkpoint = nil }
        return checkpoint
    }

    /// Returns the vectors to their user, and releases them here.
    func takeWordVectors() -> WordVectors? {
        defer { wordVectors = nil }
        return wordVectors
    }

    /// Removes everything that was created for a new run that does not reach its first step.
    func abandon() { newFolder?.discard() }

    /// The run's checkpoints, for writing.
    var checkpoints: CheckpointFolder { CheckpointFolder(lockedBy: lock) }

    /// The place of the run's log.
    private var metricsPlace: FilePlace { lock.folder.place(RunFile.metrics) }

    /// Opens the run's log and, if configured, its TensorBoard event file.
    func openLog() throws -> MetricsLog {
        let log = try MetricsLog(at: metricsPlace)
        if plan.configuration.tensorboard {
            log.events = try TensorBoardLog(at: lock.folder.place(RunFile.events), lastStep: lastStepOfEvents)
        }
        return log
    }
}

/// How much of a vocabulary and of its text a file of vectors covers.
struct WordVectorCoverage {
    /// The symbols that have a vector.
    let symbols: Int
    /// The tokens of the training text that have one.
    let tokens: Int
}
