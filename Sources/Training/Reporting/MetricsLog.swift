import Files
import Foundation

/// `metrics.jsonl`: one JSON object a line, appended, with the keys in the order in which they are given.
///
/// Lines are written whole, at once. Only rank 0 has one.
package final class MetricsLog {
    /// A value of a line.
    package enum Value {
        case integer(Int)
        case number(Double)
        case text(String)
        case flag(Bool)
        case null
    }

    private let path: String
    private let lines: AppendedLines

    /// Opens or makes the file, and removes what an interrupted write left of a last line.
    package init(path: String) throws {
        self.path = path
        do throws(CallFailure) {
            lines = try AppendedLines(path: path)
        } catch {
            throw TrainingError.log(path: path, reason: error.description)
        }
    }

    /// Appends one line: `{"event":...,...}`.
    package func write(_ event: String, _ fields: [(String, Value)]) throws {
        let members = [("event", .text(event))] + fields
        let line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.spelled($0.1))" }.joined(separator: ",") + "}"
        do throws(CallFailure) {
            try lines.append(line)
        } catch {
            throw TrainingError.log(path: path, reason: error.description)
        }
    }

    private static func spelled(_ value: Value) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .text(let text): quoted(text)
        case .flag(let flag): flag ? "true" : "false"
        case .null: "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(text) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}
