import Communication
package import Files
import Foundation
import Runs

/// `metrics.jsonl`: appended lines of one JSON object each, with `event`, `time` (RFC 3339, UTC), `elapsed_seconds` (since the
/// start of this process), then the given fields in order, and `checksum` (`LineChecksum`).
///
/// Each line is one write call. A line that cannot be written is kept, as `RetriedAppender` describes. Only rank 0 has a log.
package final class MetricsLog {
    /// A value of a line.
    package enum Value {
        case integer(Int)
        case number(Double)
        case text(String)
        case flag(Bool)
        case null
    }

    private let file: RetriedAppender
    /// The TensorBoard event file that receives the same figures; nil for none.
    package var events: TensorBoardLog?

    /// The fields with the time of a line.
    private let moment: () -> [(String, Value)]

    /// Opens or creates the file, and removes the incomplete last line of an interrupted write.
    ///
    /// - Parameter moment: the fields with the time of a line.
    package init(at place: FilePlace, moment: @escaping () -> [(String, Value)] = MetricsLog.now) throws {
        file = try RetriedAppender(at: place, framing: .lines, isLog: true, seal: LineChecksum.sealed)
        self.moment = moment
    }

    /// Opens or creates the file in the folder that the path names.
    package convenience init(path: String, moment: @escaping () -> [(String, Value)] = MetricsLog.now) throws {
        let place: FilePlace
        do throws(FileError) {
            place = try FilePlace(path: path)
        } catch {
            throw RetriedAppender.failure(error, path)
        }
        try self.init(at: place, moment: moment)
    }

    /// Appends one line: `{"event":...,"time":...,"elapsed_seconds":...,...,"checksum":...}`.
    package func write(_ event: String, _ fields: [(String, Value)]) throws {
        let members = [("event", .text(event))] + moment() + fields
        let line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.spelled($0.1))" }.joined(separator: ",") + "}"
        try file.append(Array(line.utf8), step: fields.lazy.compactMap { Self.step($0.0, $0.1) }.first)
        try events?.write(event, fields)
    }

    /// Makes the lines so far durable.
    package func synchronize() { file.synchronize() }

    /// Writes what is not written yet at the end of a job. If the disk may recover, it retries for as long as for a checkpoint.
    ///
    /// Throws `TrainingError.unwrittenRecords`.
    package func finish() throws {
        try file.finish()
        try events?.finish()
    }

    /// Tries once more to write what is not written yet, before an error ends the job. Warns of what is lost.
    package func tryBeforeEnd() {
        file.tryBeforeEnd()
        events?.tryBeforeEnd()
    }

    /// The step of a line, if this field is the step.
    private static func step(_ name: String, _ value: Value) -> Int? {
        if name == "step", case .integer(let step) = value { step } else { nil }
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
