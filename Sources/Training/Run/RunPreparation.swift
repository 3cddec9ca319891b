import Checkpoints
import Files
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
    /// The checkpoint that the run goes on from; nil for a new one.
    let checkpoint: StoredCheckpoint?
    /// What the user should know besides, a line each: newer checkpoints that did not verify, a lock that locks nothing.
    let notices: [String]
    private let lock: RunLock

    private init(
        plan: RunPlan, vocabulary: Vocabulary, folder: RunFolder, textDigests: [String: String], lock: RunLock,
        checkpoint: StoredCheckpoint? = nil, notices: [String] = []
    ) {
        self.plan = plan
        self.vocabulary = vocabulary
        self.folder = folder
        self.textDigests = textDigests
        self.lock = lock
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
        let configuration = try resolved(configuration, rankCount: rankCount)
        let folder = try freshFolder(configuration)
        let counted = try countVocabulary(configuration, crew: crew, stamps: TextStamps())
        let notices = try require(counted, configuration, folder: folder, survey: survey)
        return try begin(
            configuration, texts: counted.texts, vocabulary: counted.vocabulary, folder: folder,
            lock: try folder.create(breakingLock: breakingLock), notices: notices)
    }

    /// The folder of a new run, which holds none yet.
    static func freshFolder(_ configuration: TrainingConfiguration) throws -> RunFolder {
        let folder = RunFolder(path: try configuration.run ?? freshBuiltInFolder())
        if try folder.holdsRun() { throw RunFolderError.holdsRun(path: folder.path) }
        return folder
    }

    /// Writes the folder's files; `config.toml` last, since it says that the run is there.
    private static func begin(
        _ configuration: TrainingConfiguration, texts: Texts, vocabulary: Vocabulary, folder: RunFolder, lock: RunLock,
        notices: [String]
    ) throws -> RunPreparation {
        var configuration = configuration
        configuration.run = folder.path
        let tokenFiles = try prepareTokenFiles(texts, vocabulary: vocabulary, folder: folder, configuration)
        try DurableFile.write(vocabulary.jsonText(), to: folder.vocabularyPath)
        try DurableFile.write(configuration.toml, to: folder.configurationPath)
        // A run whose checkpoints are all gone may still have its best.
        let best = try best(in: folder, after: TrainingState(), configuration, vocabulary: vocabulary, texts: texts)
        let plan = RunPlan(
            configuration: configuration, vocabularySize: vocabulary.size, tokenFiles: tokenFiles, runFolder: folder.path,
            state: TrainingState(), isResumed: false, best: best.model, special: SpecialTokens(vocabulary))
        return RunPreparation(
            plan: plan, vocabulary: vocabulary, folder: folder, textDigests: texts.digests, lock: lock,
            notices: notices + [best.notice].compactMap { $0 })
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
            return try begin(
                configuration, texts: counted.texts, vocabulary: counted.vocabulary, folder: folder, lock: lock, notices: notices)
        }
        let checkpoint = try StoredCheckpoint(newest.reader)
        let resumed = try resumed(configuration, checkpoint, folder: folder, rankCount: rankCount)
        let texts = try Texts(resumed, crew: crew, stamps: stamps)
        try texts.check(against: checkpoint.textDigests)
        let check = try RunCheck(resumed, texts: texts, vocabulary: checkpoint.vocabulary, folder: folder, survey: survey)
        try check.requireAll()
        let tokenFiles = try prepareTokenFiles(texts, vocabulary: checkpoint.vocabulary, folder: folder, resumed)
        let best = try best(
            in: folder, after: checkpoint.state, resumed, vocabulary: checkpoint.vocabulary, texts: texts)
        let rate = ResumedRate(checkpoint, resumed)
        // What may change stays changed: the next resume starts from here.
        try DurableFile.write(resumed.toml, to: folder.configurationPath)
        let plan = RunPlan(
            configuration: resumed, vocabularySize: checkpoint.vocabulary.size, tokenFiles: tokenFiles,
            runFolder: folder.path, state: rate.state, isResumed: true, best: best.model,
            special: SpecialTokens(checkpoint.vocabulary))
        return RunPreparation(
            plan: plan, vocabulary: checkpoint.vocabulary, folder: folder, textDigests: texts.digests, lock: lock,
            checkpoint: checkpoint,
            notices: newest.passedOver.map { "passed over \($0)" } + check.notices + [best.notice, rate.notice].compactMap { $0 })
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
            in: folder, after: state, shape: configuration.modelShape(vocabularySize: vocabulary.size), vocabulary: vocabulary,
            validDigest: texts.digests[TextRole.valid.rawValue])
    }

    /// The configuration with its number of shards.
    static func resolved(_ configuration: TrainingConfiguration, rankCount: Int) throws -> TrainingConfiguration {
        var configuration = configuration
        let shards =
            configuration.shards
            ?? ShardLayout.defaultShardCount(streamCount: configuration.batchSize, rankCount: rankCount)
        _ = try ShardLayout(streamCount: configuration.batchSize, shardCount: shards, rankCount: rankCount)
        configuration.shards = shards
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

    /// Makes the token files that are not there or not current, and checks that each text is long enough.
    private static func prepareTokenFiles(
        _ texts: Texts, vocabulary: Vocabulary, folder: RunFolder, _ configuration: TrainingConfiguration
    ) throws -> [String: String] {
        var texts = texts
        var paths: [String: String] = [:]
        for role in TextRole.allCases {
            guard let source = texts.name(of: role) else { continue }
            let path = folder.tokensPath(role)
            let count = try texts.prepareTokens(of: role, path: path, vocabulary: vocabulary).count
            _ = try layout(of: role, tokenCount: count, source: source, configuration)
            paths[role.rawValue] = path
        }
        try texts.stamps.write(path: stampsPath(folder))
        return paths
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

    /// What is known of the texts and token files without reading them.
    static func stampsPath(_ folder: RunFolder) -> String { folder.dataPath + "/stamps.json" }

    /// `runs/reber-1`, or the next that is free.
    private static func freshBuiltInFolder() throws -> String {
        var number = 1
        while try RunFolder(path: "runs/reber-\(number)").holdsRun() { number += 1 }
        return "runs/reber-\(number)"
    }
}

/// The texts of a new run, and what was counted in them.
struct CountedTexts {
    let texts: Texts
    let vocabulary: Vocabulary
    let trainTokens: Int
}
