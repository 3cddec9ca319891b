import Failures
import Files
import Foundation

/// A line of `metrics.jsonl` with all its fields.
package struct LoggedEvent: Equatable, Sendable {
    /// `start`, `step`, `validation` and so on.
    package let name: String
    /// The fields that are numbers.
    package let numbers: [String: Double]
    /// The fields that are texts.
    package let texts: [String: String]
    /// The fields that are true or false.
    package let flags: [String: Bool]
    /// The names of the other fields, which are null.
    package let nulls: Set<String>

    /// The number of steps before the line.
    package var step: Int? { numbers["step"].flatMap { Int(exactly: $0) } }

    /// The complete lines of the log at `path`, in order, and the numbers of those that are not valid. Throws `FileError`.
    package static func all(path: String) throws -> (events: [LoggedEvent], invalidLines: [Int]) {
        let file = try MappedFile(path: path)
        return try file.checked({ $0 as any Error }) { () throws(any Error) in
            var (events, invalidLines): ([LoggedEvent], [Int]) = ([], [])
            try MetricsReader.forEachLine(of: file) { line, bytes, _ in
                if let event = try? JSONDecoder().decode(LoggedEvent.self, from: Data(bytes)) {
                    events.append(event)
                } else {
                    invalidLines.append(line)
                }
            }
            return (events, invalidLines)
        }
    }
}

extension LoggedEvent: Decodable {
    private enum Field: Decodable {
        case number(Double)
        case text(String)
        case flag(Bool)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .other
            }
        }
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.singleValueContainer().decode([String: Field].self)
        guard case .text(let event)? = fields["event"] else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no event"))
        }
        name = event
        numbers = fields.compactMapValues { if case .number(let number) = $0 { number } else { nil } }
        texts = fields.compactMapValues { if case .text(let text) = $0 { text } else { nil } }
        flags = fields.compactMapValues { if case .flag(let flag) = $0 { flag } else { nil } }
        nulls = Set(fields.filter { if case .other = $0.value { true } else { false } }.keys)
    }
}
