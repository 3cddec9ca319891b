extension TrainingConfiguration {
    /// Checks every value's range, and the values against each other.
    ///
    /// Throws the first fault found. What depends on the texts or on the ranks is checked where these are known.
    public func validate() throws(ConfigurationError) {
        try validateData()
        try validateModel()
        try validateModelCombinations()
        try validateStep()
        try validateOptimizer()
        try validateSchedule()
        try validateConvergence()
        try validateRun()
        try validateFaults()
        try validateDistribution()
    }

    private func validateData() throws(ConfigurationError) {
        if train == nil, !usesBuiltInSource {
            throw .missing(key: .train, advice: "name the training text that belongs to the validation or test text")
        }
        if train != nil, valid == nil {
            throw .missing(key: .valid, advice: "name a validation text, or split one off the training text")
        }
        if train != nil, run == nil {
            throw .missing(key: .run, advice: "name a new folder for the run's configuration, metrics and checkpoints")
        }
        try require(.vocabularySize, vocabularySize.map { $0 == 0 || $0 >= 2 } ?? true, "must be 2 or more, or 0 for no limit")
        try require(.minimumCount, minimumCount >= 1, "must be 1 or more")
    }

    private func validateModel() throws(ConfigurationError) {
        try require(.layers, layers >= 1, "must be 1 or more")
        try require(.embeddingSize, embeddingSize >= 1, "must be 1 or more")
        try require(.hiddenSize, hiddenSize >= 1, "must be 1 or more")
        try require(.dropout, (0..<1).contains(dropout), "is a probability: 0 or more, and less than 1")
        try require(.initialScale, initialScale > 0 && initialScale.isFinite, "must be above zero")
        try require(.forgetBias, forgetBias?.isFinite ?? true, "must be a finite number")
    }

    private func validateModelCombinations() throws(ConfigurationError) {
        if tieWeights, embeddingSize != hiddenSize {
            throw conflict(
                .tieWeights, .embeddingSize, .hiddenSize,
                because: "tied weights need both sizes equal; make them so, or leave the weights untied")
        }
        if nonlinearity != .tanh, cell != .elman {
            throw conflict(.nonlinearity, .cell, because: "the nonlinearity is that of the cell elman; choose it, or leave tanh")
        }
        if gruReset != .after, cell != .gru {
            throw conflict(.gruReset, .cell, because: "the reset gate is that of the cell gru; choose it, or leave after")
        }
        if initialization == .identity, cell != .elman || nonlinearity != .relu {
            throw conflict(
                .initialization, .cell, .nonlinearity,
                because: "the identity is for the cell elman with relu; choose these, or orthogonal")
        }
    }

    private func validateStep() throws(ConfigurationError) {
        try require(.batchSize, batchSize >= 1, "must be 1 or more")
        try require(.windowLength, windowLength >= 1, "must be 1 or more")
        try require(.learningRate, learningRate > 0 && learningRate.isFinite, "must be above zero")
        try require(.weightDecay, weightDecay >= 0 && weightDecay.isFinite, "must be zero (off) or above")
        try require(.clip, clip >= 0 && clip.isFinite, "must be above zero, or 0 for no clipping")
    }

    private func validateOptimizer() throws(ConfigurationError) {
        try require(.momentum, (0..<1).contains(momentum), "must be 0 or more, and less than 1")
        try require(.beta1, (0..<1).contains(beta1), "must be 0 or more, and less than 1")
        try require(.beta2, (0..<1).contains(beta2), "must be 0 or more, and less than 1")
        try require(.adamEpsilon, adamEpsilon > 0 && adamEpsilon.isFinite, "must be above zero")
        if momentum > 0, optimizer != .sgd {
            throw conflict(.momentum, .optimizer, because: "momentum is that of sgd; choose it, or set beta1 for adam")
        }
    }

    private func validateSchedule() throws(ConfigurationError) {
        try require(.decay, decay > 0 && decay <= 1, "is a factor: above 0, and 1 at most")
        try require(.decayAfter, decayAfter >= 0, "must be 0 or more epochs")
        try require(.decayRate, decayRate >= 0 && decayRate.isFinite, "must be 0 or more")
    }

    private func validateConvergence() throws(ConfigurationError) {
        try require(.epochs, epochs >= 1, "must be 1 or more")
        try require(.validateEvery, validateEvery >= 0, "must be a number of steps, or 0 for each epoch")
        try require(.patience, patience >= 0, "must be a number of validations, or 0 for no limit")
        try require(.epsilon, epsilon >= 0 && epsilon.isFinite, "must be 0 or more nats per token")
    }

    private func validateRun() throws(ConfigurationError) {
        try require(.seed, seed >= 0, "must be 0 or more")
        try require(.logEvery, logEvery >= 1, "must be 1 or more steps")
        try require(.checkpointEvery, checkpointEvery.isPositive, "must be above zero")
        try require(.keep, keep >= 2, "must be 2 or more, so that a good checkpoint is left if the last is damaged")
    }

    private func validateFaults() throws(ConfigurationError) {
        try require(
            .stallLimit, stallLimit.seconds == 0 || (1...1e8).contains(stallLimit.seconds),
            "must be a second or more, or 0 for none")
        try require(.timeLimit, timeLimit.map { (1...1e8).contains($0.seconds) } ?? true, "must be a second or more")
        try require(.verifyEvery, verifyEvery >= 0, "must be a number of steps, or 0 for never")
        try require(.maxBadSteps, maxBadSteps >= 1, "must be 1 or more steps")
        try require(.maxRollbacks, maxRollbacks >= 0, "must be 0 or more")
    }

    private func validateDistribution() throws(ConfigurationError) {
        try require(.nodeSize, nodeSize >= 0, "must be a number of ranks, or 0 for the nodes as they are")
        guard let shards else { return }
        try require(.shards, shards >= 1, "must be 1 or more")
        if shards > batchSize {
            throw conflict(
                .shards, .batchSize, because: "a shard holds one stream at least; take fewer shards or a larger batch")
        }
    }

    private func require(_ key: ConfigurationKey, _ holds: Bool, _ advice: String) throws(ConfigurationError) {
        if !holds { throw .invalid(key: key, value: spelled(key), advice: advice) }
    }

    private func conflict(_ keys: ConfigurationKey..., because advice: String) -> ConfigurationError {
        .conflict(values: Dictionary(uniqueKeysWithValues: keys.map { ($0, spelled($0)) }), advice: advice)
    }

    private func spelled(_ key: ConfigurationKey) -> String { value(of: key)?.description ?? "not set" }
}
