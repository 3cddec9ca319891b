extension TrainingConfiguration {
    /// The keys that differ from a stored run's and must not, in the order of the keys.
    ///
    /// Free are those that only say how long, how fast and where to go on (``ConfigurationKey/mayChangeOnResume``).
    /// Shards that are not asked for are those of the stored run.
    public func forbiddenChanges(from stored: TrainingConfiguration) -> [ConfigurationChange] {
        ConfigurationField.all.compactMap { field in
            guard !field.mayChangeOnResume else { return nil }
            let (before, now) = (field.read(stored), field.read(self))
            if before == now || (field.key == .shards && now == nil) { return nil }
            return ConfigurationChange(key: field.key, stored: before, requested: now)
        }
    }

    /// The configuration to go on with after a stored run: this one, with the stored run's shards.
    ///
    /// Throws: ``ConfigurationError/changedOnResume(_:)`` with every key that must not change and does.
    public func resuming(_ stored: TrainingConfiguration) throws(ConfigurationError) -> TrainingConfiguration {
        let changes = forbiddenChanges(from: stored)
        guard changes.isEmpty else { throw .changedOnResume(changes) }
        var resumed = self
        resumed.shards = stored.shards
        return resumed
    }
}
