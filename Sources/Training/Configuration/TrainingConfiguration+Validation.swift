extension TrainingConfiguration {
    /// Checks every value's range, which is declared with its field, and the values against each other.
    ///
    /// Throws the first fault found. What depends on the texts or on the ranks is checked where these are known.
    public func validate() throws(ConfigurationError) {
        for field in ConfigurationField.all where !field.isInRange(self) {
            throw .invalid(key: field.key, value: spelled(field.key), expected: field.expectation)
        }
        try validateTexts()
        try validateModelCombinations()
        try validateOptimizer()
        try validateShards()
    }

    private func validateTexts() throws(ConfigurationError) {
        if text != nil { return try validateOneText() }
        if train == nil, !usesBuiltInSource {
            throw .missing(key: .train, advice: "name the training text that belongs to the validation or test text")
        }
        if train != nil, valid == nil {
            throw .missing(
                key: .valid, advice: "name a validation text; or name one text for all with --text, which is split into three")
        }
        if train != nil, run == nil {
            throw .missing(key: .run, advice: "name a new folder for the run's configuration, metrics and checkpoints")
        }
    }

    private func validateOneText() throws(ConfigurationError) {
        for key in [ConfigurationKey.train, .valid, .test] where value(of: key) != nil {
            throw conflict(
                .text, key,
                because: "of text the lines are split into those to train, to validate and to test; leave out text, or the others"
            )
        }
        if run == nil {
            throw .missing(key: .run, advice: "name a new folder for the run's configuration, metrics and checkpoints")
        }
    }

    private func validateModelCombinations() throws(ConfigurationError) {
        if tieWeights, embeddingSize != hiddenSize {
            throw conflict(
                .tieWeights, .embeddingSize, .hiddenSize,
                because: "tied weights need both sizes equal; make them so, or leave the weights untied")
        }
        if nonlinearity != .tanh, cell != .elman {
            throw conflict(
                .nonlinearity, .cell, because: "the nonlinearity is that of the cell elman; choose that cell, or leave tanh")
        }
        if gruReset != .after, cell != .gru {
            throw conflict(.gruReset, .cell, because: "the reset gate is that of the cell gru; choose that cell, or leave after")
        }
        if initialization == .identity, cell != .elman || nonlinearity != .relu {
            throw conflict(
                .initialization, .cell, .nonlinearity,
                because: "the identity is for the cell elman with relu; choose these, or orthogonal")
        }
    }

    private func validateOptimizer() throws(ConfigurationError) {
        if momentum > 0, optimizer != .sgd {
            throw conflict(
                .momentum, .optimizer,
                because: "momentum is that of the optimizer sgd; choose it, or set momentum to 0 (adam's own are beta1 and beta2)"
            )
        }
    }

    private func validateShards() throws(ConfigurationError) {
        if let shards, shards > batchSize {
            throw conflict(
                .shards, .batchSize, because: "a shard holds one stream at least; take fewer shards or a larger batch")
        }
    }

    private func conflict(_ keys: ConfigurationKey..., because advice: String) -> ConfigurationError {
        .conflict(values: Dictionary(uniqueKeysWithValues: keys.map { ($0, spelled($0)) }), advice: advice)
    }

    private func spelled(_ key: ConfigurationKey) -> String { value(of: key)?.description ?? "not set" }
}
