import Checkpoints
import Communication
import Configuration
import Files
import Glibc
import Tasks
import Runs
import TextData

/// New runs.
extension RunPreparation {
    /// Prepares a new run in `configuration.run`, or for the built-in source in a new folder under `runs`.
    static func begin(
        _ configuration: TrainingConfiguration, rankCount: Int, survey: HostSurvey, tokenizer: DistributedTokenizer,
        breakingLock: Bool
    ) throws -> RunPreparation {
        let asked = configuration.shards
        let configuration = try resolved(configuration, rankCount: rankCount)
        let folder = try Watchdog.waitingForDisk { try freshFolder(configuration) }
        let counted = try countVocabulary(configuration, tokenizer: tokenizer, stamps: TextStamps())
        let notices =
            try require(counted, folder: folder, survey: survey)
            + [asked == nil ? shardsNotice(configuration, rankCount: rankCount) : nil].compactMap { $0 }
        let newFolder = try Watchdog.waitingForDisk { try createFolder(configuration, breakingLock: breakingLock) }
        do {
            return try begin(counted, lock: newFolder.lock, newFolder: newFolder, notices: notices)
        } catch {
            newFolder.discard()
            throw error
        }
    }

    /// Writes the files of the folder, except `config.toml`, which marks the run as existing: see `establish`.
    static func begin(
        _ counted: CountedTexts, lock: RunLock, newFolder: NewRunFolder? = nil,
        notices: [String]
    ) throws -> RunPreparation {
        let (texts, vocabulary) = (counted.texts, counted.vocabulary)
        let folder = RunFolder(path: lock.folder.path)
        var configuration = counted.configuration.withAbsoluteTexts
        configuration.run = folder.path
        let tokens = try prepareTokenFiles(texts, vocabulary: vocabulary, lock: lock, configuration)
        try Watchdog.waitingForDisk {
            try DurableFile.write(vocabulary.jsonText(), to: lock.folder.place(RunFile.vocabulary))
        }
        // A run that has lost all its checkpoints may still have its best model.
        let (records, best) = try Watchdog.waitingForDisk {
            let records = RunRecords(folder)
            let best = try BestFound(
                in: folder, records,
                BestComparison.Run(
                    configuration, identity: records.log?.identity, vocabulary: vocabulary, textDigests: texts.digests,
                    state: TrainingState()))
            return (records, best)
        }
        let plan = RunPlan(
            configuration: configuration, vocabulary: vocabulary, tokenFiles: tokens.files, runFolder: folder.path,
            state: TrainingState(), isResumed: false, best: best.model, bestIsAbandoned: best.isAbandoned,
            loggedBest: best.logged,
            symbols: try configuration.symbols(vocabulary), testExtent: try texts.testExtent())
        return RunPreparation(
            plan: plan, vocabulary: vocabulary, folder: folder, identity: records.log?.identity ?? best.identity ?? RunIdentity(),
            textDigests: texts.digests, lock: lock,
            newFolder: newFolder, wordVectors: counted.wordVectors,
            notices: notices + tokens.notices + [texts.splitNotice, best.notice, best.loggedNotice].compactMap { $0 })
    }

    /// The configuration with the number of shards and the bias of the forget gate, whose defaults depend on the ranks and on
    /// other keys.
    static func resolved(_ configuration: TrainingConfiguration, rankCount: Int) throws -> TrainingConfiguration {
        var configuration = configuration
        configuration.shards = try configuration.shardLayout(rankCount: rankCount).shardCount
        configuration.forgetBias = configuration.resolvedForgetBias
        configuration.tokenFrequencies = configuration.resolvedFrequencies
        return configuration
    }

    /// Throws unless memory and disk suffice for a new run. Returns notices about them.
    static func require(
        _ counted: CountedTexts, folder: RunFolder, survey: HostSurvey
    ) throws -> [String] {
        try Watchdog.waitingForDisk {
            let check = try RunCheck(
                counted.configuration, texts: counted.texts, vocabulary: counted.vocabulary, trainTokens: counted.trainTokens,
                folder: folder, survey: survey)
            try check.requireAll()
            return check.notices
        }
    }

    // MARK: The folder of a new run

    /// The notice if more ranks than usual have led to more shards, and so to different bits.
    private static func shardsNotice(_ configuration: TrainingConfiguration, rankCount: Int) -> String? {
        let usual = ShardLayout.defaultShardCount(streamCount: configuration.batchSize, rankCount: 1)
        guard let shards = configuration.shards, shards != usual else { return nil }
        return
            "the default of --shards is \(shards) for \(rankCount) ranks; a run with fewer ranks gives the same bits only with --shards \(shards) (its default is \(usual))"
    }

    /// The folder of a new run, before it is created: `configuration.run`, which must not contain a run, or the next free folder
    /// of the built-in source.
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

    /// Creates and locks the folder of a new run.
    private static func createFolder(_ configuration: TrainingConfiguration, breakingLock: Bool) throws -> NewRunFolder {
        if let path = configuration.run { return try RunFolder(path: path).create(breakingLock: breakingLock) }
        return try firstBuiltInFolder { (folder) throws(RunFolderError) in
            try folder.requireFree()
            return try folder.create()
        }
    }

    /// The result of `attempt` for `runs/reber-1`, or for the next folder that no other run has or takes meanwhile.
    private static func firstBuiltInFolder<Result>(
        _ attempt: (RunFolder) throws(RunFolderError) -> Result
    ) throws(RunFolderError) -> Result {
        var number = 1
        while true {
            do throws(RunFolderError) {
                return try attempt(RunFolder(path: "runs/reber-\(number)"))
            } catch {
                guard error.isInUse else { throw error }
                number += 1
            }
        }
    }
}

extension RunFolderError {
    /// Whether the folder is in use, so that another one may be free.
    fileprivate var isInUse: Bool {
        switch self {
        case .held, .left, .holdsRun, .holdsRemains, .foreignFile, .file(.inTheWay), .file(.failed(_, _, ENOTDIR)): true
        case .onlyConfiguration, .noRun, .file: false
        }
    }
}
