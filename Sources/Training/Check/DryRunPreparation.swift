import Checkpoints
import Configuration
import Communication
import Tasks
import Runs
import TextData

/// Rank 0's part of a dry run: the preparation of a run, except for everything that writes a file.
struct DryRunPreparation {
    /// The plan, without token files.
    let plan: RunPlan
    let check: RunCheck
    let vocabulary: Vocabulary
    /// How the text is split; nil if each text has its own file.
    let splitNotice: String?
    /// Newer checkpoints that were rejected.
    let passedOver: [PassedOverCheckpoint]
    /// The division of each text into streams.
    let layouts: [TextRole: any BatchLayout]
    /// The tokens of each text, and those outside the vocabulary.
    let counts: [TextRole: UnknownCount]
    /// The first tokens of the training text, for the calibration.
    let sample: [Int32]

    /// Enough tokens for some windows of any batch that fits into memory.
    private static let sampleCount = 1 << 20

    /// Prepares the run that `configuration` would start or resume. Throws errors in texts and options.
    init(
        _ configuration: TrainingConfiguration, resume: Bool, rankCount: Int, survey: HostSurvey, tokenizer: DistributedTokenizer
    ) throws {
        let folder = resume ? RunFolder(path: configuration.run ?? "") : try RunPreparation.freshFolder(configuration)
        if resume, try !folder.holdsRun() { throw RunFolderError.noRun(path: folder.path) }
        let records = RunRecords(folder)
        if resume, let newest = try records.newestCheckpoint() {
            let checkpoint = newest.contents
            if let notice = checkpoint.vocabulary.tokenizer.libraryNotice { StandardError.warn("\(notice).") }
            let resumed = try RunPreparation.resumed(configuration, checkpoint, folder: folder, rankCount: rankCount)
            let stamps = TextStamps(path: RunPreparation.stampsPath(folder), expecting: checkpoint.textDigests)
            let texts = try Texts(resumed, tokenizer: tokenizer, stamps: stamps)
            try texts.check(against: checkpoint.textDigests)
            try texts.checkForm(resumed, except: checkpoint.textDigests)
            try self.init(
                resumed, texts: texts, vocabulary: checkpoint.vocabulary, folder: folder, survey: survey,
                state: checkpoint.state, passedOver: newest.passedOver + records.checkpoints(upTo: checkpoint).passedOver)
            try checkpoint.checkPosition(windowCount: windowCount(.train))
        } else {
            let resolved = try RunPreparation.resolved(configuration, rankCount: rankCount)
            let counted = try RunPreparation.countVocabulary(resolved, tokenizer: tokenizer, stamps: TextStamps())
            try self.init(
                counted.configuration, texts: counted.texts, vocabulary: counted.vocabulary, trainTokens: counted.trainTokens,
                folder: folder, survey: survey, state: nil)
        }
    }

    private init(
        _ configuration: TrainingConfiguration, texts: Texts, vocabulary: Vocabulary, trainTokens: Int? = nil,
        folder: RunFolder, survey: HostSurvey, state: TrainingState?, passedOver: [PassedOverCheckpoint] = []
    ) throws {
        var layouts: [TextRole: any BatchLayout] = [:]
        var counts: [TextRole: UnknownCount] = [:]
        var sample: [Int32] = []
        let symbols = try configuration.symbols(vocabulary)
        for role in TextRole.allCases {
            let sampleCount = role == .train ? Self.sampleCount : 0
            guard let text = try texts.encoded(role, vocabulary: vocabulary, sampleCount: sampleCount) else { continue }
            counts[role] = UnknownCount(tokens: text.count, unknown: text.unknownCount)
            layouts[role] = try RunPreparation.layout(of: role, text, symbols, source: texts.name(of: role) ?? "", configuration)
            if role == .train { sample = text.sample }
        }
        (self.layouts, self.counts, self.sample) = (layouts, counts, sample)
        (self.vocabulary, self.passedOver) = (vocabulary, passedOver)
        splitNotice = texts.splitNotice
        check = try RunCheck(
            configuration, texts: texts, vocabulary: vocabulary, trainTokens: trainTokens, folder: folder, survey: survey)
        plan = RunPlan(
            configuration: configuration, vocabulary: vocabulary, tokenFiles: [:], runFolder: folder.path,
            state: state ?? TrainingState(), isResumed: state != nil, symbols: symbols, testExtent: nil)
    }

    /// The number of windows of a text in an epoch; 0 if the run has no such text.
    func windowCount(_ role: TextRole) -> Int {
        layouts[role]?.windowCount ?? 0
    }
}
