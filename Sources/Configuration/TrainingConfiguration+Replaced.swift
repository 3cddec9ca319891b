public import Kinds

extension TrainingConfiguration {
    /// Sets keys of a file to their defaults if an option of the command line replaces the kind, or the value, without which they have no effect.
    ///
    /// - Parameter given: the keys whose options the command line gives.
    public mutating func forgetReplaced(given: [ConfigurationKey], fileKeys: Set<ConfigurationKey>) {
        for field in ConfigurationField.all where field.isRefusedUnread && fileKeys.contains(field.key) {
            guard let readers = field.readers, given.contains(readers.chooser),
                !readers.names.contains(value(of: readers.chooser)?.description ?? "")
            else { continue }
            forget(field)
        }
        for condition in EffectCondition.all where fileKeys.contains(condition.key) && given.contains(condition.needed) {
            if !condition.isMet(self) { forget(.of(condition.key)) }
        }
        // These have no default, so that no field can set them.
        guard given.contains(.tokens) else { return }
        if tokens != .regex, fileKeys.contains(.tokenPattern) { tokenPattern = nil }
        if tokens != .sentencepiece, fileKeys.contains(.sentencePieceModel) { sentencePieceModel = nil }
    }

    private mutating func forget(_ field: ConfigurationField) {
        guard let unset = field.read(TrainingConfiguration()), field.write(&self, unset) else {
            preconditionFailure("\(field.key.rawValue) has no default")
        }
    }
}
