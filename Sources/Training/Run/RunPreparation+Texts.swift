import Checkpoints
import Communication
import Configuration
import Files
import Runs
import Tasks
import TextData

/// The texts of a run, its vocabulary and its token files.
extension RunPreparation {
    /// The texts, and the vocabulary of the training text. It must have at least two symbols besides `<eos>` and `<unk>`, because
    /// with one there is nothing to predict.
    static func countVocabulary(
        _ configuration: TrainingConfiguration, tokenizer: DistributedTokenizer, stamps: TextStamps
    ) throws -> CountedTexts {
        var counts = SymbolCounts(unit: .char)
        var trainingText: OpenedText?
        var texts = try Texts(configuration, tokenizer: tokenizer, stamps: stamps) { text in
            trainingText = text.text
            counts = SymbolCounts(try Self.tokenizer(configuration, trainingText: text, tokenizer))
            return counts
        }
        if configuration.separatesLines, let trainingText { try counts.countMissingLineEnd(of: trainingText) }
        let source = texts.name(of: .train) ?? ""
        let tokens = counts.tokenCount
        let vocabulary = try counts.vocabulary(configuration.vocabularyLimits, source: source)
        try configuration.requireVocabulary(ofSize: vocabulary.size)
        let special = [vocabulary.endOfLineID, vocabulary.unknownID].compactMap { $0 }.count
        guard vocabulary.unit == .byte || vocabulary.size - special >= 2 else {
            throw TextDataError.vocabularyTooSmall(source: source, unit: vocabulary.unit, size: vocabulary.size - special)
        }
        let vectors = try configuration.wordVectors.map { path in
            try Watchdog.waitingForDisk {
                try WordVectors(path: path, vocabulary: vocabulary, size: configuration.embeddingSize)
            }
        }
        texts.wordVectors = vectors.map { ($0.path, $0.digest.hexadecimal) }
        return CountedTexts(
            configuration: try texts.resolved(configuration), texts: texts, vocabulary: vocabulary, trainTokens: tokens,
            wordVectors: vectors)
    }

    /// The tokenizer of a new run, with the model that is named or that is trained on the training text.
    private static func tokenizer(
        _ configuration: TrainingConfiguration, trainingText text: TokenizerText, _ tokenizer: DistributedTokenizer
    ) throws -> Tokenizer {
        switch configuration.usesBuiltInSource ? .char : configuration.tokens {
        case .regex: return try Tokenizer(pattern: configuration.tokenPattern ?? "")
        case .sentencepiece:
            try SentencePieceLibrary.require()
            if let path = configuration.sentencePieceModel {
                return try Watchdog.waitingForDisk { Tokenizer(try SentencePieceModel(path: path)) }
            }
            _ = try tokenizer.scan(text)
            return try Watchdog.waitingForDisk {
                Tokenizer(try SentencePieceModel(training: text.text, size: configuration.vocabularyLimits.size ?? 8_000))
            }
        case let unit: return Tokenizer(unit)
        }
    }

    /// Writes token files that are missing, outdated or damaged, and checks that each text is long enough.
    static func prepareTokenFiles(
        _ texts: Texts, vocabulary: Vocabulary, lock: RunLock, _ configuration: TrainingConfiguration
    ) throws -> PreparedTokens {
        let folder = try lock.folder.madeFolder(RunFile.data)
        let symbols = try configuration.symbols(vocabulary)
        var texts = texts
        var prepared = PreparedTokens()
        for role in TextRole.allCases {
            guard let source = texts.name(of: role) else { continue }
            let place = folder.place(RunFile.tokens(role.rawValue))
            let file = try texts.prepareTokens(of: role, at: place, vocabulary: vocabulary)
            let layout = try layout(
                of: role, TokenFileText(file, lineEnd: vocabulary.lineEndID), symbols, source: source, configuration)
            if role == .train { prepared.windowCount = layout.windowCount }
            prepared.files[role.rawValue] = RunPlan.PlannedTokens(path: place.path, digest: file.tokensDigest)
        }
        try Watchdog.waitingForDisk { try texts.stamps.write(to: folder.place(RunFile.stamps)) }
        prepared.notices = texts.notices
        return prepared
    }

    /// The division of a text into batches. Throws if the text is too short.
    static func layout(
        of role: TextRole, _ text: some TokenisedText, _ symbols: TextSymbols, source: String,
        _ configuration: TrainingConfiguration
    ) throws -> any BatchLayout {
        let layout = try configuration.batches(of: text, symbols, source: source, training: role == .train)
        if role == .train, !layout.fillsWindow {
            throw TrainingError.shorterThanWindow(
                source: source, tokens: layout.tokenCount, streams: configuration.batchSize,
                windowLength: configuration.windowLength)
        }
        return layout
    }

    /// The path of the file with the stamps of the texts.
    static func stampsPath(_ folder: RunFolder) -> String { joinPath(folder.dataPath, RunFile.stamps) }
}

/// The texts of a new run, and the vocabulary counted in them.
struct CountedTexts {
    /// With the settings whose defaults come from the texts.
    let configuration: TrainingConfiguration
    let texts: Texts
    let vocabulary: Vocabulary
    let trainTokens: Int
    /// The vectors with which the embedding starts; nil without a file.
    let wordVectors: WordVectors?
}

/// The token files of a run.
struct PreparedTokens {
    /// By role.
    var files: [String: RunPlan.PlannedTokens] = [:]
    /// Notices for the user, one line each.
    var notices: [String] = []
    /// The number of windows of the training text in an epoch.
    var windowCount: Int?
}

extension TrainingConfiguration {
    /// The configuration with absolute paths of texts, because a run may be resumed in any working folder.
    var withAbsoluteTexts: TrainingConfiguration {
        var configuration = self
        configuration.text = text.map(absolutePath)
        configuration.train = train.map(absolutePath)
        configuration.valid = valid.map(absolutePath)
        configuration.test = test.map(absolutePath)
        configuration.wordVectors = wordVectors.map(absolutePath)
        configuration.sentencePieceModel = sentencePieceModel.map(absolutePath)
        return configuration
    }
}
