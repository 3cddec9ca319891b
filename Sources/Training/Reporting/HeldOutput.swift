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
        /// A line of the end of the job, which is never omitted.
        case last

        /// The number of held texts at which a further one is omitted. Lines about steps leave room for the rarer lines.
        fileprivate var capacity: Int {
            switch self {
            case .progress: 1
            case .steps: 400
            case .other: 500
            case .last: .max
            }
        }
    }

    /// How long the end of the job waits for the reader.
    enum LastWait {
        /// Three seconds: the nodes of the job are needed, or the launcher ends it soon.
        case brief
        /// Until the reader continues or closes the output, because nothing else waits for it.
        case unlimited

        /// The wait after a stop for this reason; nil for a job that is done or has failed.
        ///
        /// A signal asks for a prompt end, unless a user at a stopped terminal (Ctrl-S) has sent it.
        init(after reason: StopReason?) {
            switch reason {
            case .timeLimit?, .jobEnd?: self = .brief
            case .signal?: self = StandardOutput.isTerminal ? .unlimited : .brief
            case nil: self = StopSignals.received.isEmpty || StandardOutput.isTerminal ? .unlimited : .brief
            }
        }
    }

    private typealias HeldText = (bytes: [UInt8], kind: Kind)

    private var texts: [HeldText] = []
    private var lastWait: LastWait?
    /// The bytes of the first text that are written.
    private var writtenByteCount = 0
    private var omittedLineCount = 0
    /// Whether the last text found no room. Until all texts are written, no further text then waits for room.
    private var isFull = false

    /// Milliseconds that a text waits for room.
    private static let pause: Int32 = 1000
    /// Nanoseconds of a brief wait for room at the end of the job.
    private static let lastPause: Int64 = 3_000_000_000

    /// Whether something has not been written.
    var isIncomplete: Bool { !texts.isEmpty || omittedLineCount > 0 }

    /// Writes a text, or holds it; returns false if it is omitted. Throws if the output fails; what is held is then lost.
    func write(_ text: String, _ kind: Kind) throws(StandardOutputError) -> Bool {
        // Before the last texts are complete, room that the reader makes would go to older ones.
        let waitsForEnd = lastWait == .brief && !texts.isEmpty
        if !texts.isEmpty, !waitsForEnd { try flush(waiting: 0) }
        guard texts.count < kind.capacity else {
            if kind != .progress { omittedLineCount += 1 }
            return false
        }
        texts.insert((Array(text.utf8), kind), at: kind == .last && lastWait == .brief ? placeOfLast : texts.endIndex)
        if waitsForEnd { return true }
        try flush(waiting: isFull ? 0 : Self.pause)
        guard kind == .progress, !texts.isEmpty, writtenByteCount == 0 else { return true }
        texts.removeAll()
        return false
    }

    /// The work of the job has ended, and only the last texts follow. Calls after the first one have no effect.
    ///
    /// If the wait for the reader is brief, held lines about steps are omitted, and the last texts are written before the other held ones, so
    /// that they get the room that there is.
    func beginEnd(_ wait: LastWait) {
        guard lastWait == nil else { return }
        lastWait = wait
        StopSignals.noteEndOfWork()
        guard wait == .brief else { return }
        let count = texts.count
        texts = Array(texts.prefix(begunCount)) + texts.dropFirst(begunCount).filter { $0.kind != .steps }
        omittedLineCount += count - texts.count
    }

    /// 1 if the first text is written in part.
    private var begunCount: Int { writtenByteCount > 0 ? 1 : 0 }

    /// The place of a last text before all held texts that are none.
    private var placeOfLast: Int { texts[begunCount...].firstIndex { $0.kind != .last } ?? texts.endIndex }

    /// Writes what is held, after `beginEnd`. A signal ends the wait for the reader.
    ///
    /// Returns the number of lines that remain unwritten, and forgets them.
    func finish() throws(StandardOutputError) -> Int {
        let deadline = lastWait == .brief ? MonotonicClock.nanoseconds + Self.lastPause : .max
        try flush(waiting: 0)
        while !texts.isEmpty, !StopSignals.hasComeAfterEnd, MonotonicClock.nanoseconds < deadline {
            try flush(waiting: 100)
            if !texts.isEmpty { usleep(10_000) }
        }
        defer { forget() }
        return omittedLineCount + texts.filter { $0.bytes.last == 0x0A }.count
    }

    private func forget() {
        texts.removeAll()
        (writtenByteCount, omittedLineCount) = (0, 0)
    }

    private func flush(waiting milliseconds: Int32) throws(StandardOutputError) {
        while let text = texts.first?.bytes {
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
