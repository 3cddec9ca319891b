import Kinds
import Layers

extension ConsistencyChecks {
    /// A cell whose output is the model's distribution has no layers, connections and outputs beside it.
    func predictingCell() throws(ConfigurationError) {
        guard Cells.predictsClasses(configuration.cell) else { return }
        let others: [(key: ConfigurationKey, isFine: Bool, advice: String)] = [
            (.layers, configuration.layers == 1, "--layers 1"),
            (.output, configuration.output == .full, "--output full"),
            (.connections, configuration.connections == .stacked, "--connections stacked"),
            (.outputLayerSize, configuration.outputLayerSize == 0, "--output-mlp 0"),
            (OutputSettings.maxEntOrder.key, configuration.settings[OutputSettings.maxEntOrder] == 0, "--max-ent-order 0"),
            (.tieWeights, !configuration.tieWeights, "--no-tie-weights"),
            (.task, configuration.taskType.predictsTokens, "--task language-model"),
        ]
        for (key, isFine, advice) in others where !isFine {
            throw conflict(
                .cell, key,
                message:
                    "\(setting(.cell)), whose output is the distribution over the tokens, but \(setting(key)). Use \(advice), or another "
                    + "--cell.")
        }
    }
}

extension ConsistencyChecks {
    /// An LSTM with a projection or layer norm has no deep transition.
    func transition() throws(ConfigurationError) {
        guard configuration.settings[CellSettings.transitionSize] > 0, configuration.cell == .lstm else { return }
        let others: [(key: ConfigurationKey, isUsed: Bool)] = [
            (CellSettings.projectionSize.key, configuration.settings[CellSettings.projectionSize] > 0),
            (CellSettings.layerNorm.key, configuration.settings[CellSettings.layerNorm]),
        ]
        for (key, isUsed) in others where isUsed {
            throw conflict(
                CellSettings.transitionSize.key, key,
                message: "\(name(CellSettings.transitionSize.key)) and \(name(key)) exclude each other. Use one of them.")
        }
    }
}

extension ConsistencyChecks {
    /// A table for both the embedding and the output layer has as many columns as the output layer reads.
    func tiedSizes() throws(ConfigurationError) {
        if configuration.connections.joinsEmbedding, configuration.outputLayerSize == 0 {
            throw conflict(
                .tieWeights, .connections,
                message:
                    "\(name(.tieWeights)), but \(setting(.connections)): the output layer reads all layers, and needs a matrix of "
                    + "its own. Use --no-tie-weights.")
        }
        let layerSize = Cells.outputSize(configuration.cell, units: configuration.hiddenSize, configuration.settings)
        let size = configuration.outputLayerSize > 0 ? configuration.outputLayerSize : layerSize
        if configuration.embeddingSize == size { return }
        guard let key = tiedKey(size) else { throw tiedProduct(size) }
        throw conflict(
            .tieWeights, .embeddingSize, key,
            message: "\(name(.tieWeights)) needs equal sizes, but \(setting(.embeddingSize)) and \(setting(key)). "
                + "Make them equal, or use --no-tie-weights.")
    }

    /// The key whose value is the number of columns that the output layer reads; nil if this is a product.
    private func tiedKey(_ size: Int) -> ConfigurationKey? {
        if configuration.outputLayerSize > 0 { return .outputLayerSize }
        if size == configuration.hiddenSize { return .hiddenSize }
        return size == configuration.settings[CellSettings.projectionSize] ? CellSettings.projectionSize.key : nil
    }

    /// The error for a cell that joins several vectors.
    private func tiedProduct(_ size: Int) -> ConfigurationError {
        let context = CellSettings.context
        return conflict(
            .tieWeights, .embeddingSize, context.key, .hiddenSize,
            message:
                "\(name(.tieWeights)) needs equal sizes, but \(setting(.embeddingSize)) and the output layer reads \(size) columns, "
                + "\(name(context.key)) \(configuration.settings[context]) times \(name(.hiddenSize)) \(configuration.hiddenSize). "
                + "Use \(name(.embeddingSize)) \(size), or --no-tie-weights.")
    }
}

extension TrainingConfiguration {
    /// The largest vocabulary of a cell that reads the distribution over it at each step.
    private static let mostPredictedTokens = 1000

    /// Checks conditions on the size of the vocabulary, when it is known.
    ///
    /// Throws: ``ConfigurationError/conflict(keys:message:)``.
    package func requireVocabulary(ofSize size: Int) throws(ConfigurationError) {
        if settings[OutputSettings.maxEntOrder] > 0, size >= ContextFeatures.mostTokens {
            throw .conflict(
                keys: [OutputSettings.maxEntOrder.key, .vocabularySize],
                message:
                    "\(OutputSettings.maxEntOrder.key.option) is for vocabularies below \(ContextFeatures.mostTokens) tokens, but this one has "
                    + "\(size). Use a smaller --vocabulary-size, or --max-ent-order 0.")
        }
        guard Cells.predictsClasses(cell), size > Self.mostPredictedTokens else { return }
        throw .conflict(
            keys: [.cell, .vocabularySize],
            message:
                "--cell is \(cell.rawValue), but the vocabulary has \(size) tokens: each step computes the distribution over all of them, "
                + "which is offered for at most \(Self.mostPredictedTokens). Use --vocabulary-size \(Self.mostPredictedTokens), --tokens char, or "
                + "another --cell.")
    }
}
