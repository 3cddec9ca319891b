import Configuration
import Failures
package import Kinds
import Runs

extension RunHistory {
    /// In place of the value of a key without one.
    static let notSet = "not set"
    /// In place of a value of jobs of an earlier version, or of jobs whose lines the log lost.
    private static let unknown = "unknown"

    /// The different values of a key that may change on resume, of the jobs of which steps belong to the run, in their order. Nil if the log does not
    /// have them, or if no job had a value.
    func trainedValues(of key: ConfigurationKey) -> [String]? {
        let start = key.rawValue + " = "
        let lines = trainingJobs.map { $0.texts["free_keys"]?.split(separator: "\n") }
        guard lines.contains(where: { $0?.contains { $0.hasPrefix(start) } == true }) else { return nil }
        let values = lines.map { lines in
            lines.map { lines in lines.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) } ?? Self.notSet }
        }
        return Self.different(values, of: trainingJobs)
    }

    /// The keys that a resume has changed, with their values, as `trainedValues` has them.
    package var changedKeys: [ConfigurationKey: [String]] {
        let changes = ConfigurationKey.allCases.compactMap { key in trainedValues(of: key).map { (key, $0) } }
        return Dictionary(uniqueKeysWithValues: changes.filter { $0.1.count > 1 })
    }

    /// The different values of a field in the lines of the jobs of which steps belong to the run; before the first step, that of the last job.
    func values(ofJobs field: String) -> String? {
        guard let beginning else { return nil }
        let jobs = trainingJobs.isEmpty ? [beginning] : trainingJobs
        // A job that has not trained a step says nothing about the jobs before it, whose lines are lost.
        let values = trainingJobs.isEmpty && beginning.step != 0 ? [nil] : jobs.map { $0.value(field) }
        guard jobs.first?.step != 0 || values.contains(where: { $0 != nil }) else { return nil }
        return Self.different(values, of: jobs).joined(separator: ", ")
    }

    /// The different values in their order; nil stands for an unknown one. If the log lost the jobs before these, their values are unknown, too.
    private static func different(_ values: [String?], of jobs: [LoggedEvent]) -> [String] {
        let all = (jobs.first?.step == 0 ? [] : [unknown]) + values.map { $0 ?? unknown }
        return all.enumerated().filter { !all.prefix($0.offset).contains($0.element) }.map(\.element)
    }
}

extension LoggedEvent {
    /// A field for people; nil if the line does not have it.
    func value(_ field: String) -> String? {
        let number = numbers[field].flatMap { Int(exactly: $0) }
        let bytes = field.hasSuffix("_bytes") ? number.map { NumberText.bytes(Double($0)) } : nil
        return texts[field] ?? bytes ?? number.map(NumberText.grouped)
    }
}
