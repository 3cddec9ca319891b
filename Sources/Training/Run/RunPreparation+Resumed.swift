import Checkpoints
import Communication
import Configuration
import Failures
import Files
import Kinds
import Runs
import Tasks
import TextData

/// Resumed runs.
extension RunPreparation {
    /// Prepares to resume the run in `configuration.run` from its newest valid checkpoint.
    ///
    /// A run that ended before its first checkpoint starts from the beginning, in its folder.
    static func resume(
        _ configuration: TrainingConfiguration, rankCount: Int, survey: HostSurvey, tokenizer: DistributedTokenizer,
        breakingLock: Bool
    ) throws -> RunPreparation {
        let folder = RunFolder(path: configuration.run ?? "")
        let (lock, records) = try Watchdog.waitingForDisk { try reopened(folder, breakingLock: breakingLock) }
        records.warnings.forEach(StandardError.warn)
        guard let newest = try Watchdog.waitingForDisk({ try records.newestCheckpoint() }) else {
            return try restart(configuration, lock: lock, rankCount: rankCount, survey: survey, tokenizer: tokenizer)
        }
        func attempt(_ newest: NewestCheckpoint<StoredCheckpoint>) throws -> ResumedParts {
            try ResumedParts(newest, configuration, lock: lock, rankCount: rankCount, survey: survey, tokenizer: tokenizer)
        }
        var parts = try attempt(newest)
        if !parts.hasPosition, let other = try Watchdog.waitingForDisk({ try records.newestCheckpoint() }) {
            // The token file of the training text was missing before. It would have shown that the position of the checkpoint is
            // impossible.
            parts = try attempt(other)
        }
        if let doubt = records.log?.doubt(about: parts.checkpoint.facts) {
            StandardError.warn("\(quoting: parts.checkpoint.path): \(doubt).")
        }
        let warned = warnOfChangedKeys(records, parts)
        let best = try Watchdog.waitingForDisk {
            try BestFound(
                in: folder, records,
                BestComparison.Run(parts.checkpoint, parts.configuration, textDigests: parts.texts.digests))
        }
        let own = try Watchdog.waitingForDisk { try ownCheckpoints(records, parts, lock) }
        return RunPreparation(
            parts, best, own, lastStepOfEvents: lastStepOfEvents(records, parts.checkpoint), folder: folder, lock: lock,
            changes: parts.changes(without: warned))
    }

    /// Locks the folder and reads the files of its run. Throws `StoredRunError.unendedLines` for a log that a job would truncate.
    private static func reopened(_ folder: RunFolder, breakingLock: Bool) throws -> (RunLock, RunRecords) {
        let lock = try folder.reopen(breakingLock: breakingLock)
        try CheckpointFolder(lockedBy: lock).requireWritable()
        let records = RunRecords(folder)
        if let change = records.change, case .unendedLines = change { throw change }
        return (lock, records)
    }

    private static func lastStepOfEvents(_ records: RunRecords, _ checkpoint: StoredCheckpoint) -> Int? {
        records.log?.lastStepOfEvents(continuingFrom: (checkpoint.state.step, checkpoint.parametersDigest))
    }

    /// The checkpoints of the run. Renames the others.
    private static func ownCheckpoints(_ records: RunRecords, _ parts: ResumedParts, _ lock: RunLock) throws -> OwnGenerations {
        let (own, older) = try records.checkpoints(upTo: parts.checkpoint)
        try CheckpointFolder(lockedBy: lock).setAside(
            parts.newer + older, logIsSound: records.log != nil && records.change == nil)
        return own
    }

    /// Warns of keys that have changed in `config.toml`, unless the command line sets them. Returns the keys.
    private static func warnOfChangedKeys(_ records: RunRecords, _ parts: ResumedParts) -> [ConfigurationKey] {
        let changes = records.changedKeys(since: parts.checkpoint).filter { $0.isIn(parts.configuration) }
        for change in changes {
            StandardError.warn(
                "\(quoting: records.folder.configurationPath): \(change). The new value is used; to change a key, give its option on resume."
            )
        }
        return changes.map(\.key)
    }

    private convenience init(
        _ parts: ResumedParts, _ best: BestFound, _ own: OwnGenerations, lastStepOfEvents: Int?, folder: RunFolder, lock: RunLock,
        changes: String?
    ) {
        let checkpoint = parts.checkpoint
        let rate = ResumedRate(checkpoint, parts.configuration)
        let plan = RunPlan(
            configuration: parts.configuration.withAbsoluteTexts, vocabulary: checkpoint.vocabulary,
            tokenFiles: parts.tokens.files, runFolder: folder.path, state: rate.state, isResumed: true,
            best: best.model, bestIsAbandoned: best.isAbandoned, loggedBest: best.logged, symbols: parts.symbols,
            testExtent: parts.testExtent)
        self.init(
            plan: plan, vocabulary: checkpoint.vocabulary, folder: folder,
            identity: checkpoint.runIdentity ?? RunIdentity(), textDigests: parts.texts.digests, lock: lock,
            checkpoint: checkpoint, ownCheckpoints: own, lastStepOfEvents: lastStepOfEvents,
            notices: parts.notices
                + [checkpoint.vocabulary.tokenizer.libraryNotice, changes, best.notice, best.loggedNotice].compactMap { $0 }
                + rate.notices)
    }

    /// Prepares the first step of a run without a checkpoint. Options and texts must be those of its best model, or of the models in its log: the run
    /// would replace them.
    private static func restart(
        _ configuration: TrainingConfiguration, lock: RunLock, rankCount: Int, survey: HostSurvey,
        tokenizer: DistributedTokenizer
    ) throws -> RunPreparation {
        let folder = RunFolder(path: lock.folder.path)
        let remaining = try Watchdog.waitingForDisk { try remainingModel(folder) }
        let configuration =
            try remaining.map { try resumed(configuration, $0, folder: folder, rankCount: rankCount) }
            ?? resolved(configuration, rankCount: rankCount)
        let (stamps, log) = Watchdog.waitingForDisk {
            let log = RunRecords(folder).log
            return (TextStamps(path: stampsPath(folder), expecting: remaining?.textDigests ?? log?.textDigests ?? [:]), log)
        }
        let counted = try countVocabulary(configuration, tokenizer: tokenizer, stamps: stamps)
        if let remaining {
            try remaining.vocabulary.tokenizer.requireSameLibrary(for: remaining.path)
            try check(
                counted, against: remaining.textDigests, vocabulary: remaining.vocabulary.digest.hexadecimal, folder: folder)
        } else if let log, log.hasModels {
            try check(counted, against: log, folder: folder)
        }
        let notices = try require(counted, folder: folder, survey: survey)
        let start = "\(quoting: folder.checkpoints.path) has no checkpoint; training starts at the first step"
        return try begin(counted, lock: lock, notices: [start] + notices)
    }

    /// Throws unless the texts, the word vectors, the vocabulary and the fixed keys are those of a log.
    private static func check(_ counted: CountedTexts, against log: LoggedModels, folder: RunFolder) throws {
        var changes = log.fixedKeys.map { counted.configuration.changes(fromFixedText: $0) } ?? []
        if log.textDigests[Texts.wordVectorsKey] != nil, counted.configuration.wordVectors == nil {
            changes.append(ConfigurationChange(key: .wordVectors, stored: .text("a file"), requested: nil))
        }
        guard changes.isEmpty else { throw ConfigurationError.changedOnResume(changes) }
        try check(counted, against: log.textDigests, vocabulary: log.vocabularyDigest, folder: folder)
    }

    /// Throws unless the texts, the word vectors and the vocabulary have these digests. With equal texts and options, another SentencePiece model
    /// gives another vocabulary: one that is named, or one that another version of the library trains.
    private static func check(
        _ counted: CountedTexts, against textDigests: [String: String], vocabulary expected: String?, folder: RunFolder
    ) throws(TrainingError) {
        try counted.texts.check(against: textDigests)
        let found = counted.vocabulary.digest.hexadecimal
        guard let expected, found != expected else { return }
        if let path = counted.configuration.sentencePieceModel {
            throw .otherText(option: "--sentencepiece-model", path: path, found: found, expected: expected)
        }
        let model = counted.vocabulary.unit == .sentencepiece ? joinPath(folder.path, RunFile.sentencePieceModel) : nil
        throw .otherVocabulary(runFolder: folder.path, trainedModel: model, found: found, expected: expected)
    }

    /// The best model of a run without checkpoints; nil if there is none, or if it is damaged or of another run by the records.
    private static func remainingModel(_ folder: RunFolder) throws -> StoredCheckpoint? {
        let path = folder.checkpoints.bestPath
        guard pathExists(path) else { return nil }
        do {
            let model = try StoredCheckpoint(path: path)
            return RunRecords(folder).conflict(with: model.facts, isGeneration: false) == nil ? model : nil
        } catch let error as any UserFacingError where error.exitStatus == .badData {
            return nil
        }
    }

    /// The configuration of a run that resumes from a checkpoint.
    static func resumed(
        _ configuration: TrainingConfiguration, _ checkpoint: StoredCheckpoint, folder: RunFolder, rankCount: Int
    ) throws -> TrainingConfiguration {
        var resumed = try configuration.resuming(checkpoint.configuration)
        resumed.run = folder.path
        _ = try ShardLayout(
            streamCount: resumed.batchSize, shardCount: resumed.shards ?? resumed.batchSize, rankCount: rankCount)
        return resumed
    }
}

/// The checkpoint of a resumed run, its texts and their token files.
private struct ResumedParts {
    let checkpoint: StoredCheckpoint
    let configuration: TrainingConfiguration
    let texts: Texts
    let tokens: PreparedTokens
    let symbols: TextSymbols
    let testExtent: TextExtent?
    /// Newer checkpoints that cannot be used.
    let newer: [PassedOverCheckpoint]
    /// Notices for the user.
    let notices: [String]

    /// Writes token files that are missing, damaged or of another text. Throws errors of texts, options, memory and disk.
    init(
        _ newest: NewestCheckpoint<StoredCheckpoint>, _ configuration: TrainingConfiguration, lock: RunLock, rankCount: Int,
        survey: HostSurvey, tokenizer: DistributedTokenizer
    ) throws {
        checkpoint = newest.contents
        newer = newest.passedOver
        let folder = RunFolder(path: lock.folder.path)
        self.configuration = try RunPreparation.resumed(configuration, checkpoint, folder: folder, rankCount: rankCount)
        symbols = try self.configuration.symbols(checkpoint.vocabulary)
        let expected = checkpoint.textDigests
        let stamps = Watchdog.waitingForDisk { TextStamps(path: RunPreparation.stampsPath(folder), expecting: expected) }
        var texts = try Texts(self.configuration, tokenizer: tokenizer, stamps: stamps)
        // The parameters come from the checkpoint, so the file of the vectors is not read again.
        let vectors = configuration.wordVectors ?? ""
        texts.wordVectors = checkpoint.textDigests[Texts.wordVectorsKey].map { (vectors, $0) }
        self.texts = texts
        try texts.check(against: checkpoint.textDigests)
        try texts.checkForm(self.configuration, except: checkpoint.textDigests)
        let (resumed, vocabulary) = (self.configuration, checkpoint.vocabulary)
        let check = try Watchdog.waitingForDisk {
            let check = try RunCheck(resumed, texts: texts, vocabulary: vocabulary, folder: folder, survey: survey)
            try check.requireAll()
            return check
        }
        testExtent = try texts.testExtent()
        tokens = try RunPreparation.prepareTokenFiles(
            texts, vocabulary: checkpoint.vocabulary, lock: lock, self.configuration)
        notices = check.notices + tokens.notices + [texts.splitNotice].compactMap { $0 }
    }

    /// The note about the options whose values differ from those of the checkpoint; nil if there are none.
    ///
    /// - Parameter warned: keys that a warning has named.
    func changes(without warned: [ConfigurationKey]) -> String? {
        let changes = configuration.allowedChanges(from: checkpoint.configuration).filter { !warned.contains($0.key) }
        return changes.isEmpty ? nil : "changed \(changes.map(\.description).joined(separator: ", "))"
    }

    /// Whether the training text has the position of the checkpoint.
    var hasPosition: Bool { tokens.windowCount.map { checkpoint.state.contradiction(windowCount: $0) == nil } ?? true }
}
