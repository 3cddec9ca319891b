package import Kinds
import Optimizers

extension TrainingConfiguration {
    /// The keys that differ from those of a stored run and may not change, in the order of the keys.
    ///
    /// Keys that affect only the duration, the speed and the place of a run may change (``ConfigurationKey/mayChangeOnResume``).
    /// Without an explicit number of shards, that of the stored run applies.
    public func forbiddenChanges(from stored: TrainingConfiguration) -> [ConfigurationChange] {
        ConfigurationField.all.compactMap { field in
            guard !field.mayChangeOnResume else { return nil }
            let (before, now) = (field.read(stored), field.read(self))
            if before == now || (field.key == .shards && now == nil) { return nil }
            return ConfigurationChange(key: field.key, stored: before, requested: now)
        }
    }

    /// The configuration for resuming a stored run: this configuration, with the stored run's shards.
    ///
    /// Throws: ``ConfigurationError/changedOnResume(_:)`` with every forbidden change.
    public func resuming(_ stored: TrainingConfiguration) throws(ConfigurationError) -> TrainingConfiguration {
        let changes = forbiddenChanges(from: stored)
        guard changes.isEmpty else { throw .changedOnResume(changes) }
        var resumed = self
        resumed.shards = stored.shards
        return resumed
    }
}

extension TrainingConfiguration {
    /// The keys that may change on resume, and decide the following updates.
    private static let updateKeys: [ConfigurationKey] =
        [.learningRate, .schedule, .warmUp, .validateEvery] + Schedules.settings.filter(\.mayChangeOnResume).map(\.key)

    /// The first key that may change on resume, decides the updates, and has another value in `other`; nil if there is none.
    package func updateDifference(from other: TrainingConfiguration) -> ConfigurationKey? {
        let keys = Self.updateKeys + (lastsToTheEnd ? [.epochs] : [])
        return keys.first { value(of: $0) != other.value(of: $0) }
    }

    /// Whether the learning rate depends on the number of epochs.
    private var lastsToTheEnd: Bool { ["cosine", "linear"].contains(schedule.rawValue) }
}
