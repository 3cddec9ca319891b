import Failures
import Kinds
import Layers
import Optimizers
import Tasks
import TextData

/// A key that has an effect only with some values of another key. Keys that only some kinds use are declared by these kinds.
struct EffectCondition: Sendable {
    let key: ConfigurationKey
    let needed: ConfigurationKey
    /// A value of the other key with which this one has an effect: `2 or more`.
    let advice: String
    let isMet: @Sendable (TrainingConfiguration) -> Bool

    init(
        _ key: ConfigurationKey, needs needed: ConfigurationKey, _ advice: String,
        isMet: (@Sendable (TrainingConfiguration) -> Bool)? = nil
    ) {
        (self.key, self.needed, self.advice) = (key, needed, advice)
        self.isMet = isMet ?? { ![.integer(0), .number(0), .flag(false), nil].contains($0.value(of: needed)) }
    }

    /// All conditions. Add a key here if its effect depends on another key.
    static let all: [EffectCondition] = [
        EffectCondition(.connections, needs: .layers, "2 or more") { configuration in
            configuration.layers > 1 || configuration.connections == .stacked || configuration.connections.joinsEmbedding
        },
        EffectCondition(.clipMode, needs: .clip, "above 0"),
        EffectCondition(OutputSettings.maxEntSize.key, needs: OutputSettings.maxEntOrder.key, "1 or more"),
        EffectCondition(ASGD.power.key, needs: ASGD.decay.key, "above 0"),
        EffectCondition(.onFault, needs: .maxRollbacks, "1 or more"),
        EffectCondition(.batching, needs: .task, "language-model") { configuration in
            Batchings.kinds.compactMap { BatchingKind(rawValue: $0.name) }.contains { !configuration.taskType.separatesLines($0) }
        },
        // The symbols of the built-in source are characters.
        EffectCondition(.tokens, needs: .text, "FILE") { !$0.usesBuiltInSource || $0.tokens == .char },
        EffectCondition(.lockedDropout, needs: .dropout, "above 0") { !$0.lockedDropout || $0.dropout > 0 },
        // Both relate the time steps of a window.
        EffectCondition(.lockedDropout, needs: .windowLength, "2 or more") { !$0.lockedDropout || $0.windowLength > 1 },
        EffectCondition(.temporalRegularization, needs: .windowLength, "2 or more") {
            $0.temporalRegularization == 0 || $0.windowLength > 1
        },
        // An MLP of another size between h and the gates leaves no square matrix that could start as the identity.
        EffectCondition(.initialization, needs: CellSettings.transitionSize.key, "0 or the hidden size") {
            $0.initialization != .identity || [0, $0.hiddenSize].contains($0.settings[CellSettings.transitionSize])
        },
        EffectCondition(.nodeSize, needs: .exchange, "window") { $0.nodeSize == 0 || $0.exchange == .window },
        EffectCondition(.teams, needs: .exchange, "window") { $0.teams != .always || $0.exchange == .window },
        // The output layer of such a cell computes no exponentials.
        EffectCondition(.logitMemory, needs: .cell, "lstm, or another cell with an output layer") {
            !Cells.predictsClasses($0.cell)
        },
        // The tree of a hierarchical softmax depends on frequencies without samples. Labels have no frequencies but these.
        EffectCondition(.tokenFrequencies, needs: OutputSettings.samplePower.key, "above 0") {
            $0.tokenFrequencies != .zipf || $0.settings[OutputSettings.samplePower] > 0
                || !Outputs.estimatesTraining($0.output) || !$0.taskType.predictsTokens
        },
    ]

    /// Throws `ConfigurationError.conflict` if the value of the key has no effect.
    ///
    /// - Parameter isOfFile: whether the key is that of a file, and not an option.
    func check(_ configuration: TrainingConfiguration, isOfFile: Bool) throws(ConfigurationError) {
        if isMet(configuration) { return }
        let (name, other) = isOfFile ? (key.rawValue, needed.rawValue) : (key.option, needed.option)
        let value = configuration.value(of: needed)?.description ?? "not set"
        throw .conflict(
            keys: [key, needed],
            message:
                "\(name) has no effect with \(other)\(isOfFile ? " =" : "") \(value: value). Use \(other) \(advice), or omit \(name)."
        )
    }
}
