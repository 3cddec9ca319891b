import Communication
import Files
import Foundation

/// `metrics.jsonl`: one JSON object a line, appended: `event`, `time` (RFC 3339, UTC), `elapsed_seconds` (since the start of this
/// process), and then the fields in the order in which they are given.
///
/// Lines are written whole, at once. What the disk does not take is kept and tried again with the next line: training does not
/// end for its log. Only rank 0 has one.
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
    private var lines: AppendedLines
    /// Lines that are not written yet.
    private var waiting: [String] = []
    /// So many lines may wait; a disk that takes none for so long takes no checkpoint either.
    private static let mostWaiting = 100_000

    /// When a line is written.
    private let moment: () -> [(String, Value)]

    /// Opens or makes the file, and removes what an interrupted write left of a last line.
    ///
    /// - Parameter moment: the fields that say when a line is written.
    package init(path: String, moment: @escaping () -> [(String, Value)] = MetricsLog.now) throws {
        self.path = path
        self.moment = moment
        do throws(CallFailure) {
            lines = try AppendedLines(path: path)
        } catch {
            throw TrainingError.log(path: path, reason: error.description)
        }
    }

    /// Appends one line: `{"event":...,"time":...,"elapsed_seconds":...,...}`.
    package func write(_ event: String, _ fields: [(String, Value)]) throws {
        let members = [("event", .text(event))] + moment() + fields
        let line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.spelled($0.1))" }.joined(separator: ",") + "}"
        waiting.append(line)
        guard let failure = flush() else { return }
        if waiting.count == 1 { StandardError.warn("\(path): cannot write: \(failure); its lines are kept and tried again.") }
        if waiting.count > Self.mostWaiting { throw TrainingError.log(path: path, reason: failure.description) }
    }

    /// Writes what still waits. Throws `TrainingError.log` if that fails.
    package func finish() throws {
        if let failure = flush() { throw TrainingError.log(path: path, reason: failure.description) }
    }

    /// Appends the lines that wait, in their order, up to the first that is not taken; returns why.
    private func flush() -> CallFailure? {
        var written = 0
        defer { waiting.removeFirst(written) }
        do throws(CallFailure) {
            for line in waiting {
                try lines.append(line)
                written += 1
            }
            return nil
        } catch {
            return error
        }
    }

    /// `time` and `elapsed_seconds`, to the millisecond.
    package static func now() -> [(String, Value)] {
        let elapsed = (MonotonicClock.elapsedSeconds * 1e3).rounded() / 1e3
        return [("time", .text(Date().formatted(timeFormat))), ("elapsed_seconds", .number(elapsed))]
    }

    private static let timeFormat = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

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
