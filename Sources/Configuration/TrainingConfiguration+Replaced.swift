public import Kinds

extension TrainingConfiguration {
    /// Sets keys of a file to their defaults if an option of the command line replaces the kind, or the value, without which they have no effect.
    ///
    /// The `config.toml` of the run then starts other runs. A resumed run counts its stored keys that may change as keys of a file. Its other keys
    /// keep their values, which those of its checkpoints must equal.
    ///
    /// - Parameter given: the keys whose options the command line gives.
    public mutating func forgetReplaced(
        given: [ConfigurationKey], fileKeys: Set<ConfigurationKey>, isResumed: Bool
    ) {
        let stored = isResumed ? ConfigurationKey.allCases.filter(\.mayChangeOnResume) : []
        let keys = fileKeys.union(stored).subtracting(given)
        for field in ConfigurationField.all where keys.contains(field.key) {
            guard let readers = field.readers, given.contains(readers.chooser),
                !readers.names.contains(value(of: readers.chooser)?.description ?? ""),
                field.isRefusedUnread || !isResumed || field.key.mayChangeOnResume
            else { continue }
            field.reset(&self)
        }
        for condition in EffectCondition.all where keys.contains(condition.key) && given.contains(condition.needed) {
            if !condition.isMet(self) { ConfigurationField.of(condition.key).reset(&self) }
        }
        if given.contains(.tokens) { forgetOtherTokens(keys, isResumed: isResumed) }
    }

    /// Keys that only other units of tokens use.
    private mutating func forgetOtherTokens(_ keys: Set<ConfigurationKey>, isResumed: Bool) {
        if tokens != .regex, keys.contains(.tokenPattern) { tokenPattern = nil }
        if tokens != .sentencepiece, keys.contains(.sentencePieceModel) { sentencePieceModel = nil }
        // The vocabulary of bytes has no limits.
        guard tokens == .byte, !isResumed else { return }
        for key in [ConfigurationKey.vocabularySize, .minimumCount] where keys.contains(key) {
            ConfigurationField.of(key).reset(&self)
        }
    }

    /// Removes values of a file that are the defaults of its own kinds, if an option gives a key that decides the default: the `config.toml` of a run
    /// contains these defaults as if they had been chosen.
    ///
    /// - Parameters:
    ///   - given: the keys whose options the command line gives.
    ///   - file: the configuration of the file alone, without options.
    public mutating func forgetDependentDefaults(
        given: [ConfigurationKey], fileKeys: Set<ConfigurationKey>, of file: TrainingConfiguration
    ) {
        let keys = fileKeys.subtracting(given)
        var plain = file
        (plain.forgetBias, plain.tokenFrequencies) = (nil, nil)
        if given.contains(.initialization), keys.contains(.forgetBias), file.forgetBias == plain.resolvedForgetBias {
            forgetBias = nil
        }
        if given.contains(.task) || given.contains(.output), keys.contains(.tokenFrequencies),
            file.tokenFrequencies == plain.resolvedFrequencies
        {
            tokenFrequencies = nil
        }
    }
}
