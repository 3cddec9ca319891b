import Checkpoints
import Communication
import Files
import Glibc
import Tensors
import TextData

/// Rank 0's work before a run: checks, run folder and lock, vocabulary, token files, and for a resumed run its checkpoint.
///
/// It reads the texts at the head of a crew of all ranks, and of a text that is known by its stamp no byte.
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

    private init(
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
        return ["this processor has no instructions for bf16: what is computed is the same, at about the speed of fp32"]
    }

    private static func notices(of lock: RunLock) -> [String] {
        let takeover = lock.takenOverFrom.map { "took over the lock that \($0), had left" }
        let warning = lock.isEnforced ? nil : "\(lock.path): this file system knows no locks; start no second job here"
        return [takeover, warning].compactMap { $0 }
    }

    // MARK: A new run

    /// Prepares a new run in `configuration.run`, or for the built-in source in a fresh folder under `runs`.
    static func begin(
        _ configuration: TrainingConfiguration, rankCount: Int, survey: HostSurvey, crew: TextCrew, breakingLock: Bool
    ) throws -> RunPreparation {
        let asked = configuration.shards
        let configuration = try resolved(configuration, rankCount: rankCount)
        let folder = try freshFolder(configuration)
        let counted = try countVocabulary(configuration, crew: crew, stamps: TextStamps())
        let notices =
            try require(counted, configuration, folder: folder, survey: survey)
            + [asked == nil ? shardsNotice(configuration, rankCount: rankCount) : nil].compactMap { $0 }
        let newFolder = try Watch.waitingForDisk { _ in try createFolder(configuration, breakingLock: breakingLock) }
        do {
            return try begin(counted, configuration, lock: newFolder.lock, newFolder: newFolder, notices: notices)
        } catch {
            newFolder.discard()
            throw error
        }
    }

    /// Writes the folder's files, but for `config.toml`, which says that the run is there: see `establish`.
    private static func begin(
        _ counted: CountedTexts, _ configuration: TrainingConfiguration, lock: RunLock, newFolder: NewRunFolder? = nil,
        notices: [String]
    ) throws -> RunPreparation {
        let (texts, vocabulary) = (counted.texts, counted.vocabulary)
        let folder = RunFolder(path: lock.folder.path)
        var configuration = configuration.withAbsoluteTexts
        configuration.run = folder.path
        let tokens = try prepareTokenFiles(texts, vocabulary: vocabulary, lock: lock, configuration)
        try Watch.waitingForDisk { _ in
            try DurableFile.write(vocabulary.jsonText(), to: lock.folder.place(RunFile.vocabulary))
        }
        // A run whose checkpoints are all gone may still have its best.
        let best = try best(in: folder, after: TrainingState(), configuration, vocabulary: vocabulary, texts: texts)
        let plan = RunPlan(
            configuration: configuration, vocabularySize: vocabulary.size, tokenFiles: tokens.paths, runFolder: folder.path,
            state: TrainingState(), isResumed: false, best: best.model, special: SpecialTokens(vocabulary))
        return RunPreparation(
            plan: plan, vocabulary: vocabulary, folder: folder, textDigests: texts.digests, lock: lock,
            newFolder: newFolder, notices: notices + tokens.notices + [texts.splitNotice, best.notice].compactMap { $0 })
    }

    /// Writes `config.toml`: from now on the run is there, and can be resumed. What a resume has changed stays changed; a vocabulary
    /// that is lost is written again.
    ///
    /// To be called when nothing but the first step is left to do. Throws as `DurableFile`.
    func establish() throws {
        let path = folder.vocabularyPath
        let isLost = plan.isResumed && (!pathExists(path) || (try? Vocabulary(path: path))?.digest != vocabulary.digest)
        try Watch.waitingForDisk { _ in
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

    // MARK: The folder of a new run

    /// What to tell where more ranks than usual have made more shards, and with them other bits.
    private static func shardsNotice(_ configuration: TrainingConfiguration, rankCount: Int) -> String? {
        let usual = ShardLayout.defaultShardCount(streamCount: configuration.batchSize, rankCount: 1)
        guard let shards = configuration.shards, shards != usual else { return nil }
        return
            "\(rankCount) ranks work on \(shards) shards: fewer ranks give the same bits only with --shards \(shards) (their default is \(usual))"
    }

    /// The folder of a new run, as far as can be said before it is made: `configuration.run`, which must hold no run, or the next free
    /// one of the built-in source.
    static func freshFolder(_ configuration: TrainingConfiguration) throws -> RunFolder {
        guard let path = configuration.run else {
            return try firstBuiltInFolder { (folder) throws(RunFolderError) in
                try folder.requireFree()
                return folder
            }
        }
        let folder = RunFolder(path: path)
        try folder.requireFree()
        return folder
    }

    /// Makes and locks the folder of a new run.
    private static func createFolder(_ configuration: TrainingConfiguration, breakingLock: Bool) throws -> NewRunFolder {
        if let path = configuration.run { return try RunFolder(path: path).create(breakingLock: breakingLock) }
        return try firstBuiltInFolder { (folder) throws(RunFolderError) in
            try folder.requireFree()
            return try folder.create()
        }
    }

    /// What `attempt` makes of `runs/reber-1`, or of the next that no other run has or takes in the meantime.
    private static func firstBuiltInFolder<Result>(
        _ attempt: (RunFolder) throws(RunFolderError) -> Result
    ) throws(RunFolderError) -> Result {
        var number = 1
        while true {
            do throws(RunFolderError) {
                return try attempt(RunFolder(path: "runs/reber-\(number)"))
            } catch {
                guard error.isOfUse else { throw error }
                number += 1
            }
        }
    }

    // MARK: A resumed run

    /// Prepares to go on with the run in `configuration.run` from its newest good checkpoint.
    ///
    /// A run that ended before its first checkpoint starts anew, in its folder.
    static func resume(
        _ configuration: TrainingConfiguration, rankCount: Int, survey: HostSurvey, crew: TextCrew, breakingLock: Bool
    ) throws -> RunPreparation {
        let folder = RunFolder(path: configuration.run ?? "")
        let lock = try folder.reopen(breakingLock: breakingLock)
        let stamps = TextStamps(path: stampsPath(folder))
        guard let newest = try newestCheckpoint(in: folder) else {
            let configuration = try resolved(configuration, rankCount: rankCount)
            let counted = try countVocabulary(configuration, crew: crew, stamps: stamps)
            let notices = try require(counted, configuration, folder: folder, survey: survey)
            let start = "\(quoting: folder.checkpoints.path) holds no checkpoint: training starts at its first step"
            return try begin(counted, configuration, lock: lock, notices: [start] + notices)
        }
        let checkpoint = try StoredCheckpoint(newest.reader)
        let resumed = try resumed(configuration, checkpoint, folder: folder, rankCount: rankCount)
        let texts = try Texts(resumed, crew: crew, stamps: stamps)
        try texts.check(against: checkpoint.textDigests)
        let check = try RunCheck(resumed, texts: texts, vocabulary: checkpoint.vocabulary, folder: folder, survey: survey)
        try check.requireAll()
        let tokens = try prepareTokenFiles(texts, vocabulary: checkpoint.vocabulary, lock: lock, resumed)
        if let windowCount = tokens.windowCount { try checkpoint.checkPosition(windowCount: windowCount) }
        let best = try best(
            in: folder, after: checkpoint.state, resumed, vocabulary: checkpoint.vocabulary, texts: texts)
        let rate = ResumedRate(checkpoint, resumed)
        let plan = RunPlan(
            configuration: resumed.withAbsoluteTexts, vocabularySize: checkpoint.vocabulary.size, tokenFiles: tokens.paths,
            runFolder: folder.path, state: rate.state, isResumed: true, best: best.model,
            special: SpecialTokens(checkpoint.vocabulary))
        return RunPreparation(
            plan: plan, vocabulary: checkpoint.vocabulary, folder: folder, textDigests: texts.digests, lock: lock,
            checkpoint: checkpoint,
            notices: newest.passedOver.map { "passed over \($0)" } + check.notices + tokens.notices
                + [texts.splitNotice, best.notice, rate.notice].compactMap { $0 })
    }

    /// The configuration of a run that goes on from a checkpoint.
    static func resumed(
        _ configuration: TrainingConfiguration, _ checkpoint: StoredCheckpoint, folder: RunFolder, rankCount: Int
    ) throws -> TrainingConfiguration {
        var resumed = try configuration.resuming(checkpoint.configuration)
        resumed.run = folder.path
        _ = try ShardLayout(
            streamCount: resumed.batchSize, shardCount: resumed.shards ?? resumed.batchSize, rankCount: rankCount)
        return resumed
    }

    /// The newest checkpoint that verifies; nil where none was ever written.
    static func newestCheckpoint(in folder: RunFolder) throws -> NewestCheckpoint? {
        if try folder.checkpoints.generations().isEmpty { return nil }
        return try folder.checkpoints.newestValid()
    }

    // MARK: Parts

    /// What there is of a best model on validation.
    private static func best(
        in folder: RunFolder, after state: TrainingState, _ configuration: TrainingConfiguration, vocabulary: Vocabulary,
        texts: Texts
    ) throws -> BestFound {
        try BestFound(
            in: folder, after: state, configuration, vocabulary: vocabulary, textDigests: texts.digests)
    }

    /// The configuration with its number of shards and the forget gate's bias, whose defaults depend on the ranks and on other keys.
    static func resolved(_ configuration: TrainingConfiguration, rankCount: Int) throws -> TrainingConfiguration {
        var configuration = configuration
        let shards =
            configuration.shards
            ?? ShardLayout.defaultShardCount(streamCount: configuration.batchSize, rankCount: rankCount)
        _ = try ShardLayout(streamCount: configuration.batchSize, shardCount: shards, rankCount: rankCount)
        configuration.shards = shards
        configuration.forgetBias = configuration.resolvedForgetBias
        return configuration
    }

    /// Throws unless memory and disk suffice for a new run; returns what the user should know of them.
    private static func require(
        _ counted: CountedTexts, _ configuration: TrainingConfiguration, folder: RunFolder, survey: HostSurvey
    ) throws -> [String] {
        let check = try RunCheck(
            configuration, texts: counted.texts, vocabulary: counted.vocabulary, trainTokens: counted.trainTokens, folder: folder,
            survey: survey)
        try check.requireAll()
        return check.notices
    }

    /// The texts, and the vocabulary of the one for training, with two symbols besides `<eos>` and `<unk>` at least: with one
    /// there is nothing to tell apart.
    static func countVocabulary(
        _ configuration: TrainingConfiguration, crew: TextCrew, stamps: TextStamps
    ) throws -> CountedTexts {
        let counts = SymbolCounts(unit: configuration.usesBuiltInSource ? .char : configuration.tokens)
        let texts = try Texts(configuration, crew: crew, stamps: stamps, counting: counts)
        let source = texts.name(of: .train) ?? ""
        let tokens = counts.tokenCount
        let vocabulary = try counts.vocabulary(configuration.vocabularyLimits, source: source)
        let special = [vocabulary.endOfLineID, vocabulary.unknownID].compactMap { $0 }.count
        guard vocabulary.unit == .byte || vocabulary.size - special >= 2 else {
            throw TextDataError.vocabularyTooSmall(source: source, unit: vocabulary.unit, size: vocabulary.size - special)
        }
        return CountedTexts(texts: texts, vocabulary: vocabulary, trainTokens: tokens)
    }

    /// Makes the token files that are not there, not current or damaged, and checks that each text is long enough.
    private static func prepareTokenFiles(
        _ texts: Texts, vocabulary: Vocabulary, lock: RunLock, _ configuration: TrainingConfiguration
    ) throws -> PreparedTokens {
        let folder = try lock.folder.madeFolder(RunFile.data)
        var texts = texts
        var prepared = PreparedTokens()
        for role in TextRole.allCases {
            guard let source = texts.name(of: role) else { continue }
            let place = folder.place(RunFile.tokens(role.rawValue))
            let count = try texts.prepareTokens(of: role, at: place, vocabulary: vocabulary).count
            let layout = try layout(of: role, tokenCount: count, source: source, configuration)
            if role == .train { prepared.windowCount = layout.windowCount(windowLength: configuration.windowLength) }
            prepared.paths[role.rawValue] = place.path
        }
        try Watch.waitingForDisk { _ in try texts.stamps.write(to: folder.place(RunFile.stamps)) }
        prepared.notices = texts.notices
        return prepared
    }

    /// How a text is cut into streams. Throws where it is too short.
    static func layout(
        of role: TextRole, tokenCount: Int, source: String, _ configuration: TrainingConfiguration
    ) throws -> StreamLayout {
        let layout = try StreamLayout(tokenCount: tokenCount, streamCount: configuration.batchSize, source: source)
        if role == .train, layout.streamLength < configuration.windowLength {
            throw TrainingError.shorterThanWindow(
                source: source, tokens: tokenCount, streams: configuration.batchSize, windowLength: configuration.windowLength)
        }
        return layout
    }

    /// What is known of the texts without reading them.
    static func stampsPath(_ folder: RunFolder) -> String { joinPath(folder.dataPath, RunFile.stamps) }
}

/// The texts of a new run, and what was counted in them.
struct CountedTexts {
    let texts: Texts
    let vocabulary: Vocabulary
    let trainTokens: Int
}

extension RunFolderError {
    /// Whether the folder is in use for something, and another may be free.
    fileprivate var isOfUse: Bool {
        switch self {
        case .held, .left, .holdsRun, .foreignFile, .file(.inTheWay), .file(.failed(_, _, ENOTDIR)): true
        case .noRun, .file: false
        }
    }
}

extension TrainingConfiguration {
    /// The same with paths of texts that hold in every working folder: a run is resumed from anywhere.
    fileprivate var withAbsoluteTexts: TrainingConfiguration {
        var configuration = self
        configuration.text = text.map(absolutePath)
        configuration.train = train.map(absolutePath)
        configuration.valid = valid.map(absolutePath)
        configuration.test = test.map(absolutePath)
        return configuration
    }
}

/// The token files of a run.
private struct PreparedTokens {
    /// By role.
    var paths: [String: String] = [:]
    /// What the user should know of them, a line each.
    var notices: [String] = []
    /// Windows of the training text in an epoch.
    var windowCount: Int?
}
