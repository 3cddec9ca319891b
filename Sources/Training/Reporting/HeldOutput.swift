import Communication
import Files
import Foundation

/// Standard output that does not stop training while its reader pauses: it holds what is not yet written.
///
/// Otherwise a job at a stopped terminal (Ctrl-S) or before an unread pipe would wait within a step, where it notices neither a signal nor
/// its time limit, until the watchdog ends it.
final class HeldOutput {
    /// What a text is, which decides whether it is held.
    enum Kind {
        /// The progress line, which is not held: the next one replaces it.
        case progress
        /// A line about steps.
        case steps
        /// Any other text.
        case other

        /// The number of held texts at which a further one is omitted. Lines about steps leave room for the rarer lines.
        fileprivate var capacity: Int {
            switch self {
            case .progress: 1
            case .steps: 400
            case .other: 500
            }
        }
    }

    private var texts: [[UInt8]] = []
    /// The bytes of the first text that are written.
    private var writtenByteCount = 0
    private var omittedLineCount = 0
    /// Whether the last text found no room. Until all texts are written, no further text then waits for room.
    private var isFull = false

    /// Milliseconds that a text waits for room.
    private static let pause: Int32 = 1000
    /// Nanoseconds that the end of the job waits for room.
    private static let lastPause: Int64 = 3_000_000_000

    /// Whether something has not been written.
    var isIncomplete: Bool { !texts.isEmpty || omittedLineCount > 0 }

    /// Writes a text, or holds it; returns false if it is omitted. Throws if the output fails; what is held is then lost.
    func write(_ text: String, _ kind: Kind) throws(StandardOutputError) -> Bool {
        if !texts.isEmpty { try flush(waiting: 0) }
        guard texts.count < kind.capacity else {
            if kind != .progress { omittedLineCount += 1 }
            return false
        }
        texts.append(Array(text.utf8))
        try flush(waiting: isFull ? 0 : Self.pause)
        guard kind == .progress, !texts.isEmpty, writtenByteCount == 0 else { return true }
        texts.removeAll()
        return false
    }

    /// Writes what is held, at the end of the job. Waits a few seconds for the reader, but not if a signal asks the job to stop.
    ///
    /// Returns the number of lines that remain unwritten, and forgets them.
    func finish() throws(StandardOutputError) -> Int {
        let deadline = MonotonicClock.nanoseconds + Self.lastPause
        try flush(waiting: 0)
        while !texts.isEmpty, StopSignals.received.isEmpty, MonotonicClock.nanoseconds < deadline {
            try flush(waiting: 100)
            if !texts.isEmpty { usleep(10_000) }
        }
        defer { forget() }
        return omittedLineCount + texts.filter { $0.last == 0x0A }.count
    }

    private func forget() {
        texts.removeAll()
        (writtenByteCount, omittedLineCount) = (0, 0)
    }

    private func flush(waiting milliseconds: Int32) throws(StandardOutputError) {
        while let text = texts.first {
            do throws(StandardOutputError) {
                writtenByteCount += try StandardOutput.writeSome(text[writtenByteCount...], waiting: milliseconds)
            } catch {
                forget()
                throw error
            }
            guard writtenByteCount == text.count else { break }
            texts.removeFirst()
            writtenByteCount = 0
        }
        isFull = !texts.isEmpty
    }
}
