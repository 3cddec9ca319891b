import Foundation

/// The content of a run's `metrics.jsonl` that is independent of time, place and rank count.
public struct RunLog: Sendable {
    /// The rest of the line for each of `step 50`, `validation 100` and `end 200`. A step that a resumed run repeats has several lines in the log.
    public private(set) var trace: [String: String] = [:]
    /// Lines that contradict an earlier line of the same step.
    public private(set) var contradictions: [String] = []
    /// The digest of the parameters at the end; nil if the run has not ended.
    public private(set) var finalDigest: String?
    /// All lines.
    public let events: [[String: String]]

    // Excludes `best`, which depends on the previous content of the file: a killed job may have left a better model than that of
    // the repeated validation.
    private static let free = ["time", "elapsed_seconds", "checksum", "tokens_per_second", "path", "best"]

    /// Reads the log of the run in `folder`.
    public init(run folder: String) throws {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/metrics.jsonl")), as: UTF8.self)
        events = text.split(separator: "\n").map { Self.fields(of: String($0)) }
        for event in events { take(event) }
    }

    /// The members of a flat JSON object with their literal text, so that equal texts mean equal bits.
    public static func fields(of line: String) -> [String: String] {
        var fields: [String: String] = [:]
        for member in line.dropFirst(2).dropLast().components(separatedBy: ",\"") {
            let parts = member.components(separatedBy: "\":")
            fields[parts[0]] = parts.dropFirst().joined(separator: "\":").trimmingCharacters(in: ["\""])
        }
        return fields
    }

    private mutating func take(_ event: [String: String]) {
        guard let kind = event["event"], ["step", "validation", "end"].contains(kind), event["reason"] != "preempted" else {
            return
        }
        let key = "\(kind) \(event["step"] ?? "")"
        let line = event.filter { !Self.free.contains($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = line.joined(separator: ", ")
        if let before = trace[key], before != text { contradictions.append("\(before); then \(text)") }
        trace[key] = text
        if kind == "end" { finalDigest = event["parameters_digest"] }
    }

    /// The digests of all validations and of the end, by their keys.
    public var digests: [String: String] { trace.filter { $0.value.contains("parameters_digest") } }
}
