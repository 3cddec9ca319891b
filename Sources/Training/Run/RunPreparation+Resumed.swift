import Checkpoints
import Files
import TextData

/// Resumed runs.
extension RunPreparation {
    /// Prepares to go on with the run in `configuration.run` from its newest good checkpoint.
    ///
    /// A run that ended before its first checkpoint starts anew, in its folder.
    static func resume(
        _ configuration: TrainingConfiguration, rankCount: Int, survey: HostSurvey, tokenizer: DistributedTokenizer,
        breakingLock: Bool
    ) throws -> RunPreparation {
        let folder = RunFolder(path: configuration.run ?? "")
        let lock = try folder.reopen(breakingLock: breakingLock)
        let stamps = TextStamps(path: stampsPath(folder))
        guard let newest = try newestCheckpoint(in: folder) else {
            let configuration = try resolved(configuration, rankCount: rankCount)
            let counted = try countVocabulary(configuration, tokenizer: tokenizer, stamps: stamps)
            let notices = try require(counted, configuration, folder: folder, survey: survey)
            let start = "\(quoting: folder.checkpoints.path) holds no checkpoint: training starts at its first step"
            return try begin(counted, configuration, lock: lock, notices: [start] + notices)
        }
        let checkpoint = try StoredCheckpoint(newest.reader)
        let resumed = try resumed(configuration, checkpoint, folder: folder, rankCount: rankCount)
        let texts = try Texts(resumed, tokenizer: tokenizer, stamps: stamps)
        try texts.check(against: checkpoint.textDigests)
        let check = try RunCheck(resumed, texts: texts, vocabulary: checkpoint.vocabulary, folder: folder, survey: survey)
        try check.requireAll()
        let tokens = try prepareTokenFiles(texts, vocabulary: checkpoint.vocabulary, lock: lock, resumed)
        if let windowCount = tokens.windowCount { try checkpoint.checkPosition(windowCount: windowCount) }
        let best = try BestFound(
            in: folder, after: checkpoint.state, resumed, vocabulary: checkpoint.vocabulary, textDigests: texts.digests)
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
}
