import Checkpoints
import Communication
package import Files
import Foundation

/// `metrics.jsonl`: appended lines of one JSON object each, with `event`, `time` (RFC 3339, UTC), `elapsed_seconds` (since the
/// start of this process), and then the given fields in order.
///
/// Each line is one write call. A line that cannot be written is kept and retried with the next line, because a failing log must
/// not end the training. Only rank 0 has a log.
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
    private var replacementCount = 0
    private var lines: AppendedLines
    /// Lines that are not written yet.
    private var waiting: [String] = []
    /// The maximum number of kept lines. If a disk accepts no line for that long, it also accepts no checkpoint.
    private static let mostWaiting = 100_000

    /// The fields with the time of a line.
    private let moment: () -> [(String, Value)]

    /// Opens or creates the file, and removes the incomplete last line of an interrupted write.
    ///
    /// - Parameter moment: the fields with the time of a line.
    package init(at place: FilePlace, moment: @escaping () -> [(String, Value)] = MetricsLog.now) throws {
        path = place.path
        self.moment = moment
        do throws(FileError) {
            lines = try AppendedLines(at: place)
        } catch {
            throw Self.failure(error, path)
        }
    }

    /// Opens or creates the file in the folder that the path names.
    package convenience init(path: String, moment: @escaping () -> [(String, Value)] = MetricsLog.now) throws {
        let place: FilePlace
        do throws(FileError) {
            place = try FilePlace(path: path)
        } catch {
            throw Self.failure(error, path)
        }
        try self.init(at: place, moment: moment)
    }

    /// Appends one line: `{"event":...,"time":...,"elapsed_seconds":...,...}`.
    package func write(_ event: String, _ fields: [(String, Value)]) throws {
        let members = [("event", .text(event))] + moment() + fields
        let line = "{" + members.map { "\(Self.quoted($0.0)):\(Self.spelled($0.1))" }.joined(separator: ",") + "}"
        waiting.append(line)
        let failure = Watchdog.waitingForDisk { _ in flush() }
        warnOfReplacement()
        guard let failure else { return }
        guard case .failed(_, _, let number) = failure else { throw failure }
        if waiting.count == 1 {
            StandardError.warn("\(path): cannot write: \(systemText(number)). The lines are kept and tried again.")
        }
        if waiting.count > Self.mostWaiting { throw Self.failure(failure, path) }
    }

    /// The error for a failure of the file. A missing or foreign folder or file keeps its own error.
    private static func failure(_ error: FileError, _ path: String) -> any Error {
        guard case .failed(_, _, let number) = error else { return error }
        return TrainingError.log(path: path, reason: systemText(number))
    }

    private func warnOfReplacement() {
        guard lines.replacementCount > replacementCount else { return }
        replacementCount = lines.replacementCount
        StandardError.warn(
            "\(path) was removed or replaced. Its contents are lost, and the log continues in the new file.")
    }

    /// Writes the waiting lines at the end of a job. If the disk may recover, it retries for as long as for a checkpoint.
    ///
    /// Throws `TrainingError.log`.
    package func finish() throws {
        try Watchdog.waitingForDisk { reportBusy in
            guard var last = flush() else { return }
            for pause in CheckpointFolder.pauses where last.mayPass {
                usleep(useconds_t(pause * 1e6))
                reportBusy()
                guard let failure = flush() else { return }
                last = failure
            }
            throw Self.failure(last, path)
        }
    }

    /// Appends the waiting lines in order, up to the first that fails; returns its error.
    private func flush() -> FileError? {
        var written = 0
        defer { waiting.removeFirst(written) }
        do throws(FileError) {
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
