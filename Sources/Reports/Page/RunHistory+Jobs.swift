import Configuration
import Failures
package import Kinds
import Runs

/// The value of a key with which a job trained.
private enum JobValue: Equatable {
    case known(String)
    /// The job used no value.
    case notSet
    /// The job is of an earlier version, which did not log the value, or the log lost its first line.
    case unknown

    var text: String {
        switch self {
        case .known(let value): value
        case .notSet: RunHistory.notSet
        case .unknown: RunHistory.unknown
        }
    }
}

extension RunHistory {
    /// In place of the value of a key without one.
    static let notSet = "not set"
    fileprivate static let unknown = "unknown"
    private static let keys = "free_keys"

    /// The different values of a key that may change on resume, of the jobs of which steps belong to the run, in their order. Nil if no job logged a
    /// value of the key.
    func trainedValues(of key: ConfigurationKey) -> [String]? { jobValues(of: key)?.map(\.text) }

    /// The different values of the keys that a resume may change, as far as the log has them, as in `free_keys`; nil for a job that used no value.
    package var trainedKeys: [ConfigurationKey: [String?]] {
        let values = ConfigurationKey.allCases.compactMap { key in
            jobValues(of: key).map { (key, $0.filter { $0 != .unknown }) }
        }
        return Dictionary(uniqueKeysWithValues: values).mapValues { values in
            values.map { if case .known(let value) = $0 { value } else { nil } }
        }
    }

    /// Whether a resume may have changed keys without a word in the log: a job of an earlier version did not log their values, or its line was lost.
    package var lacksValues: Bool {
        trainingBegin != 0 || trainingJobs.count > 1 && trainingJobs.contains { $0.texts[Self.keys] == nil }
    }

    private func jobValues(of key: ConfigurationKey) -> [JobValue]? {
        let start = key.rawValue + " = "
        // An earlier version can lack a key that has always a value.
        let missing: JobValue = TrainingConfiguration().value(of: key) == nil ? .notSet : .unknown
        let values = trainingJobs.map { job -> JobValue in
            guard let lines = job.texts[Self.keys]?.split(separator: "\n") else { return .unknown }
            return lines.first { $0.hasPrefix(start) }.map { .known(String($0.dropFirst(start.count))) } ?? missing
        }
        guard values.contains(where: { if case .known = $0 { true } else { false } }) else { return nil }
        return Self.different((trainingBegin == 0 ? [] : [.unknown]) + values)
    }

    /// The different values of a field in the lines of the jobs of which steps belong to the run; before the first step, that of the last job.
    func values(ofJobs field: String) -> String? {
        guard let beginning else { return nil }
        // A job that has not trained a step says nothing about the jobs before it, whose lines are lost.
        let jobs = trainingJobs.isEmpty && beginning.step == 0 ? [beginning] : trainingJobs
        let isComplete = trainingJobs.isEmpty ? beginning.step == 0 : trainingBegin == 0
        let values = jobs.map { $0.value(field) }
        guard !isComplete || values.contains(where: { $0 != nil }) else { return nil }
        return Self.different((isComplete ? [] : [Self.unknown]) + values.map { $0 ?? Self.unknown }).joined(separator: ", ")
    }

    private static func different<Value: Equatable>(_ values: [Value]) -> [Value] {
        values.enumerated().filter { !values.prefix($0.offset).contains($0.element) }.map(\.element)
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
