import Foundation

/// What `metrics.jsonl` says of a run, apart from what depends on time, place and rank count.
public struct RunLog: Sendable {
    /// For `step 50`, `validation 100` and `end 200`: the rest of the line. Where a resumed run came by again, lines of old stay.
    public private(set) var trace: [String: String] = [:]
    /// Lines that contradict an earlier one on the same step.
    public private(set) var contradictions: [String] = []
    /// The digest of the parameters at the end; nil where the run has not ended.
    public private(set) var finalDigest: String?
    /// Every line.
    public let events: [[String: String]]

    // `best` depends on what the file held before: a killed job may have left a better model than the one that is measured again.
    private static let free = ["time", "elapsed_seconds", "tokens_per_second", "path", "best"]

    /// Reads the log of the run in `folder`.
    public init(run folder: String) throws {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/metrics.jsonl")), as: UTF8.self)
        events = text.split(separator: "\n").map { Self.fields(of: String($0)) }
        for event in events { take(event) }
    }

    /// The members of a flat object as they are spelled, so that equal texts are equal bits.
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
