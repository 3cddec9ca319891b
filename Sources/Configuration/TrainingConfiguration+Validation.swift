import Failures
public import Kinds
import Layers
import TextData

extension TrainingConfiguration {
    /// Checks the range of every value, which its field declares, and the consistency of the values.
    ///
    /// Conditions on the texts or on the number of ranks are checked elsewhere, when these are known.
    ///
    /// - Parameters:
    ///   - needsFolder: whether a run on a text must have a folder.
    ///   - fileKeys: keys whose values come from a TOML file. Messages name them without dashes.
    ///
    /// Throws: ``ConfigurationError`` for the first fault found.
    public func validate(needsFolder: Bool = true, fileKeys: Set<ConfigurationKey> = []) throws(ConfigurationError) {
        for field in ConfigurationField.all where !field.isInRange(self) {
            throw .invalid(key: field.key, value: spelled(field.key), expected: field.expectation)
        }
        let checks = ConsistencyChecks(configuration: self, needsFolder: needsFolder, fileKeys: fileKeys)
        try checks.texts()
        try checks.tokenizer()
        try checks.model()
        try checks.readers()
        try checks.samples()
        try checks.windows()
        try checks.shards()
    }

    /// Throws if no chosen kind uses a given option, or the value of a key of a file, or if it has no effect with the value of another key.
    ///
    /// A file may contain the keys of all kinds with their defaults, as the `config.toml` of a run does, and the keys of a kind that an
    /// option of the command line replaces.
    ///
    /// - Parameters:
    ///   - given: the keys whose options the command line gives.
    ///   - fileKeys: other keys, whose values come from a TOML file.
    ///   - isResumed: whether a stored run is resumed. Most of its kinds cannot change.
    ///
    /// Throws: ``ConfigurationError/conflict(keys:message:)`` with the kinds that read the key.
    public func requireEffect(
        of given: [ConfigurationKey], fileKeys: Set<ConfigurationKey> = [], isResumed: Bool
    ) throws(ConfigurationError) {
        for field in ConfigurationField.all {
            guard let readers = field.readers, !readers.names.contains(spelled(readers.chooser)) else { continue }
            let isOfFile = fileKeys.contains(field.key) && !hasDefault(field) && !given.contains(readers.chooser)
            guard given.contains(field.key) || isOfFile else { continue }
            let (name, chooser) =
                isOfFile ? (field.key.rawValue, readers.chooser.rawValue) : (field.key.option, readers.chooser.option)
            let choice = "\(chooser)\(isOfFile ? " =" : "") \(readers.names[0])"
            let mayChoose = !isResumed || readers.chooser.mayChangeOnResume
            throw .conflict(
                keys: [field.key, readers.chooser],
                message:
                    "\(name) has no effect with \(chooser)\(isOfFile ? " =" : "") \(value: spelled(readers.chooser)): only "
                    + "\(readers.names.joined(separator: ", ")) \(readers.names.count == 1 ? "uses" : "use") it. "
                    + (mayChoose ? "Use \(choice), or omit \(name)." : "Omit \(name)."))
        }
        for condition in EffectCondition.all where !isResumed || condition.key.mayChangeOnResume {
            let isOfFile =
                fileKeys.contains(condition.key) && !hasDefault(ConfigurationField.of(condition.key))
                && !given.contains(condition.needed)
            guard given.contains(condition.key) || isOfFile else { continue }
            try condition.check(self, isOfFile: isOfFile)
        }
    }

    /// Whether a key has the value that the `config.toml` of a run has if it was not set.
    private func hasDefault(_ field: ConfigurationField) -> Bool {
        var plain = TrainingConfiguration()
        let unset = field.read(plain)
        plain.initialization = initialization
        plain.forgetBias = plain.resolvedForgetBias
        return [unset, field.read(plain)].contains(field.read(self))
    }

    fileprivate func spelled(_ key: ConfigurationKey) -> String { value(of: key)?.description ?? "not set" }
}

/// Checks the consistency of a configuration's values.
struct ConsistencyChecks {
    let configuration: TrainingConfiguration
    let needsFolder: Bool
    let fileKeys: Set<ConfigurationKey>

    func texts() throws(ConfigurationError) {
        if configuration.text != nil { return try oneText() }
        if configuration.usesBuiltInSource { return }
        if configuration.train == nil {
            throw .missing(key: .train, advice: "name the training text that belongs to the validation or test text")
        }
        if configuration.valid == nil {
            throw .missing(
                key: .valid, advice: "name a validation text, or use --text with one file, which is split into three texts")
        }
        try folder()
    }

    private func oneText() throws(ConfigurationError) {
        for key in [ConfigurationKey.train, .valid, .test] where configuration.value(of: key) != nil {
            throw conflict(
                .text, key,
                message:
                    "\(name(.text)) and \(name(key)) exclude each other: \(name(.text)) splits one file into training, validation and "
                    + "test text. Use --text alone, or --train, --valid and --test. A run that was started with --text is resumed with it."
            )
        }
        try folder()
    }

    private func folder() throws(ConfigurationError) {
        if needsFolder, configuration.run == nil {
            throw .missing(key: .run, advice: "name a new folder for the run's configuration, metrics and checkpoints")
        }
    }

    func tokenizer() throws(ConfigurationError) {
        let tokens = configuration.tokens
        if tokens == .regex, configuration.tokenPattern == nil {
            throw .missing(key: .tokenPattern, advice: "give the regular expression of a token, or use another --tokens")
        }
        for (key, unit) in [(ConfigurationKey.tokenPattern, TokenUnit.regex), (.sentencePieceModel, .sentencepiece)]
        where configuration.value(of: key) != nil && tokens != unit {
            throw conflict(
                key, .tokens,
                message: "\(name(key)) has no effect: \(setting(.tokens)). Use --tokens \(unit.rawValue), or omit \(name(key)).")
        }
        if configuration.sentencePieceModel != nil, configuration.vocabularySize != nil {
            throw conflict(
                .sentencePieceModel, .vocabularySize,
                message: "\(name(.sentencePieceModel)) has its own number of pieces. Omit \(name(.vocabularySize)), or omit "
                    + "\(name(.sentencePieceModel)) and let the run train a model of this size.")
        }
        if tokens == .sentencepiece, configuration.vocabularySize == 0 {
            throw conflict(
                .vocabularySize, .tokens,
                message:
                    "\(setting(.vocabularySize)), but a SentencePiece model that the run trains needs a size. Use --vocabulary-size 8000."
            )
        }
        if tokens.needsDefinition, !configuration.taskType.predictsTokens {
            throw conflict(
                .tokens, .task,
                message:
                    "\(setting(.tokens)), but \(setting(.task)), whose labels are words, characters or bytes. Use --tokens word.")
        }
    }

    func model() throws(ConfigurationError) {
        try embeddings()
        try predictingCell()
        try transition()
        try sizes()
        if configuration.tieWeights, !configuration.taskType.predictsTokens {
            throw conflict(
                .tieWeights, .task,
                message:
                    "\(name(.tieWeights)) shares the embedding's table with the output layer, which has no tokens: \(setting(.task)). "
                    + "Use --no-tie-weights.")
        }
        if configuration.tokenFrequencies == .counts, !configuration.taskType.predictsTokens {
            throw conflict(
                .tokenFrequencies, .task,
                message:
                    "\(setting(.tokenFrequencies)), but \(setting(.task)), which predicts no tokens that a text could count. Use "
                    + "\(name(.tokenFrequencies)) zipf.")
        }
        if configuration.tieWeights, !Outputs.mayBeTied(configuration.output) {
            throw conflict(
                .tieWeights, .output,
                message:
                    "\(setting(.tieWeights)), but \(setting(.output)), whose weights cannot be those of the embedding. Use "
                    + "\(name(.output)) \(Outputs.tiedNames.joined(separator: " or ")), or --no-tie-weights.")
        }
        if configuration.initialization == .identity,
            configuration.cell != .elman || configuration.settings[CellSettings.nonlinearity] != .relu
        {
            throw conflict(
                .initialization, .cell, .nonlinearity,
                message: "\(setting(.initialization)), which needs the elman cell with relu, but \(setting(.cell)) and "
                    + "\(setting(.nonlinearity)). Use --cell elman --nonlinearity relu, or --init orthogonal.")
        }
    }

    private func embeddings() throws(ConfigurationError) {
        if configuration.freezeEmbeddings, configuration.tieWeights {
            throw conflict(
                .freezeEmbeddings, .tieWeights,
                message:
                    "\(name(.freezeEmbeddings)) and \(name(.tieWeights)) exclude each other, because the output layer would not learn. "
                    + "Use --no-tie-weights, or --no-freeze-embeddings.")
        }
        if configuration.wordVectors != nil, configuration.usesBuiltInSource {
            throw conflict(
                .wordVectors, .train,
                message: "\(name(.wordVectors)) needs a text: the built-in source has no words. Name one with --text or --train.")
        }
    }

    private func sizes() throws(ConfigurationError) {
        let projection = configuration.settings[CellSettings.projectionSize]
        let isProjected = configuration.cell == .lstm && projection > 0
        if isProjected, projection >= configuration.hiddenSize {
            throw conflict(
                CellSettings.projectionSize.key, .hiddenSize,
                message:
                    "\(setting(CellSettings.projectionSize.key)), but \(setting(.hiddenSize)): the projection of an LSTM must be smaller. "
                    + "Use \(CellSettings.projectionSize.key.option) \(configuration.hiddenSize - 1)"
                    + "\(configuration.hiddenSize == 1 ? "" : " or less"), or a larger --hidden-size.")
        }
        if isProjected, configuration.settings[CellSettings.layerNorm] {
            throw conflict(
                CellSettings.projectionSize.key, CellSettings.layerNorm.key,
                message:
                    "\(name(CellSettings.projectionSize.key)) and \(name(CellSettings.layerNorm.key)) exclude each other. Use one of them."
            )
        }
        if configuration.tieWeights { try tiedSizes() }
    }

    /// Refuses values that no chosen kind uses, if the declaration of the key requires it.
    func readers() throws(ConfigurationError) {
        for field in ConfigurationField.all where field.isRefusedUnread {
            guard let readers = field.readers, field.read(configuration) != field.read(TrainingConfiguration()),
                !readers.names.contains(configuration.spelled(readers.chooser))
            else { continue }
            let names = readers.names.joined(separator: ", ")
            let standard = TrainingConfiguration().spelled(field.key)
            throw conflict(
                field.key, readers.chooser,
                message:
                    "\(setting(field.key)), but \(setting(readers.chooser)): only \(names) \(readers.names.count == 1 ? "uses" : "use") it. "
                    + "Use \(readers.chooser.option) \(readers.names[0]), or \(field.key.option) \(standard).")
        }
    }

    func samples() throws(ConfigurationError) {
        guard configuration.sampleEvery > 0, !configuration.taskType.predictsTokens else { return }
        throw conflict(
            .sampleEvery, .task,
            message:
                "\(setting(.sampleEvery)), but \(setting(.task)), which generates no text. Use --sample-every 0.")
    }

    func windows() throws(ConfigurationError) {
        if configuration.variableWindow, configuration.separatesLines {
            throw conflict(
                .variableWindow, .batching,
                message: "\(name(.variableWindow)), but windows of lines end where the lines end: \(setting(.batching)), "
                    + "\(setting(.task)). Use --batching streams, or --no-variable-window.")
        }
    }

    func shards() throws(ConfigurationError) {
        if let shards = configuration.shards, shards > configuration.batchSize {
            throw conflict(
                .shards, .batchSize,
                message: "\(setting(.shards)), but \(setting(.batchSize)): each shard needs at least one stream. "
                    + "Use --shards \(configuration.batchSize)\(configuration.batchSize == 1 ? "" : " or fewer"), or a larger --batch-size."
            )
        }
    }

    func conflict(_ keys: ConfigurationKey..., message: String) -> ConfigurationError {
        .conflict(keys: keys, message: message)
    }

    /// `--batch-size`; for a key from a file, `batch-size`.
    func name(_ key: ConfigurationKey) -> String { fileKeys.contains(key) ? key.rawValue : key.option }

    /// `--batch-size is 32`.
    func setting(_ key: ConfigurationKey) -> String { "\(name(key)) is \(value: configuration.spelled(key))" }
}
