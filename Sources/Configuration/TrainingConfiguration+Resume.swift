import Failures
import Files
package import Kinds
import Optimizers

extension TrainingConfiguration {
    /// The keys that differ from those of a stored run and may not change, in the order of the keys.
    ///
    /// Keys that affect only the duration, the speed and the place of a run may change (``ConfigurationKey/mayChangeOnResume``).
    /// Without an explicit number of shards, that of the stored run applies.
    public func forbiddenChanges(from stored: TrainingConfiguration) -> [ConfigurationChange] {
        changes(from: stored, .fixed).filter { $0.key != .shards || $0.requested != nil }
    }

    /// The keys that differ from those of a stored run and may change, in the order of the keys; without the paths of the run folder and of
    /// the texts, which may differ for equal files.
    package func allowedChanges(from stored: TrainingConfiguration) -> [ConfigurationChange] {
        changes(from: stored, .free).filter { ![.run, .text, .train, .valid, .test].contains($0.key) }
    }

    /// The keys that may not change on resume, with their values: `seed = 1`, a line each. Texts with control characters are escaped as in TOML,
    /// because they may contain line feeds.
    package var fixedText: String { text(of: ConfigurationField.all.filter { $0.onResume == .fixed }) }

    /// The keys that may change on resume, with their values, as in `fixedText`; without those of the texts and of the run folder.
    package var freeText: String {
        text(
            of: ConfigurationField.all.filter { $0.onResume == .free && ![.run, .text, .train, .valid, .test].contains($0.key) })
    }

    private func text(of fields: [ConfigurationField]) -> String {
        fields.compactMap { field in field.read(self).map { "\(field.key.rawValue) = \(Self.line($0))" } }.joined(separator: "\n")
    }

    /// The keys that differ from those of a `fixedText` and may not change. Keys that the text lacks are not compared: an earlier version may have
    /// written it.
    package func changes(fromFixedText text: String) -> [ConfigurationChange] {
        let lines = text.unicodeScalars.split(separator: "\n").map { String($0) }
        return ConfigurationField.all.filter { $0.onResume == .fixed }.compactMap { field in
            let start = field.key.rawValue + " = "
            guard let stored = lines.first(where: { $0.hasPrefix(start) })?.dropFirst(start.count) else { return nil }
            let now = field.read(self)
            if let now, Self.isWritten(now, as: String(stored)) || Self.value(of: field, in: String(stored)) == now { return nil }
            return ConfigurationChange(key: field.key, stored: .text(String(stored)), requested: now)
        }
    }

    /// The value of a line, in the form in which this version stores it; nil if it is none.
    static func value(of field: ConfigurationField, in line: String) -> ConfigurationValue? {
        var scratch = TrainingConfiguration()
        return field.parse(&scratch, line) ? field.read(scratch) : nil
    }

    /// A value in one line.
    private static func line(_ value: ConfigurationValue) -> String {
        let text = value.description
        return text.unicodeScalars.contains { $0.properties.generalCategory == .control } ? ConfigurationValue.quoted(text) : text
    }

    /// Whether a line of a `fixedText` may have been written for the value. Earlier versions wrote texts as they are, so that a line has only what
    /// precedes the first line feed.
    static func isWritten(_ value: ConfigurationValue, as stored: String) -> Bool {
        if stored.utf8.elementsEqual(line(value).utf8) { return true }
        let first = value.description.unicodeScalars.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first
        return first.map { stored.utf8.elementsEqual(String($0).utf8) } ?? false
    }

    private func changes(from stored: TrainingConfiguration, _ onResume: OnResume) -> [ConfigurationChange] {
        ConfigurationField.all.filter { $0.onResume == onResume }.compactMap { field in
            let (before, now) = (field.read(stored), field.read(self))
            return before == now ? nil : ConfigurationChange(key: field.key, stored: before, requested: now)
        }
    }

    /// The configuration for resuming a stored run: this configuration, with the stored run's shards and files of the start.
    ///
    /// Throws: ``ConfigurationError/changedOnResume(_:)`` with every forbidden change, and
    /// ``ConfigurationError/conflict(keys:message:)`` for another file of the start.
    public func resuming(_ stored: TrainingConfiguration) throws(ConfigurationError) -> TrainingConfiguration {
        let changes = forbiddenChanges(from: stored)
        guard changes.isEmpty else { throw .changedOnResume(changes) }
        var resumed = self
        resumed.shards = stored.shards
        for field in ConfigurationField.all where field.onResume == .startOnly {
            try requireFile(ofStart: field, as: stored)
            guard let value = field.read(stored) else { continue }
            let isTaken = field.write(&resumed, value)
            precondition(isTaken, "\(field.key.rawValue) was not accepted, although a configuration has it")
        }
        return resumed
    }

    /// Throws if this configuration names another file than the stored one, because it would have no effect.
    private func requireFile(ofStart field: ConfigurationField, as stored: TrainingConfiguration) throws(ConfigurationError) {
        guard let requested = field.read(self)?.description else { return }
        let began = field.read(stored)?.description
        // By bytes: two spellings of one character are one text, but two names.
        if let began, resolvedPath(began).utf8.elementsEqual(resolvedPath(requested).utf8) { return }
        throw .conflict(
            keys: [field.key],
            message:
                "\(field.key.option) is \(quoting: requested), but it has no effect on a resumed run, which began "
                + (began.map { "with \(Quotation.of($0)) and does not read it again" } ?? "without it")
                + ". Omit \(field.key.option), or start a new run in another folder.")
    }
}

extension TrainingConfiguration {
    /// The keys that may change on resume, and decide the following updates.
    private static let updateKeys: [ConfigurationKey] =
        [.learningRate, .schedule, .warmUp, .validateEvery] + Schedules.settings.filter(\.mayChangeOnResume).map(\.key)

    /// The first key that may change on resume, decides the updates, and has another value in `other`; nil if there is none.
    package func updateDifference(from other: TrainingConfiguration) -> ConfigurationKey? {
        let keys = Self.updateKeys + (lastsToTheEnd ? [.epochs] : []) + (dependsOnPlateaus ? [.epsilon] : [])
        return keys.first { value(of: $0) != other.value(of: $0) }
    }

    /// Whether the learning rate depends on the number of epochs.
    private var lastsToTheEnd: Bool { ["cosine", "linear"].contains(schedule.rawValue) }

    /// Whether the learning rate depends on the validations without an improvement.
    private var dependsOnPlateaus: Bool { schedule.rawValue == PlateauSchedule.name }
}
