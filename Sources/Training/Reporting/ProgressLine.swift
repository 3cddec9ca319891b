import Communication
import Failures
import Files
import Foundation

/// Standard output as lines. On a terminal, the last line shows progress, and the next line replaces it.
final class ProgressLine {
    private var terminal = WatchedTerminal()
    /// The columns of the shown progress line; nil for none.
    private var shownColumns: Int?
    private var shownAt: Int64 = 0
    private let output = HeldOutput()
    private var hasFailed = false
    private var isEnding = false

    /// Free columns after the line, for the `^C` that a terminal writes there.
    private static let margin = 3
    private static let clearLine = "\r\u{1B}[K"
    /// Nanoseconds between updates.
    private static let pause: Int64 = 1_000_000_000

    /// Whether there is a terminal whose progress line is a second old.
    var isDue: Bool { terminal != nil && MonotonicClock.nanoseconds - shownAt >= Self.pause }

    /// A job that ends with an error has no last lines, but may have earlier ones that are held (`World.beforeEnd` writes them in good time).
    deinit { finish() }

    /// Prints a permanent line.
    func line(_ text: String) {
        print(removal() + text + "\n", isEnding ? .last : .other)
    }

    /// Shows a progress line with a bar that is full at 1. Without a terminal, it prints a plain line.
    func show(_ text: ProgressText, done share: Double) {
        guard let width = terminal?.width() else {
            print(text.text + "\n", .steps)
            return
        }
        var wide = ProgressText()
        wide.add(Self.bar(share, width: width < 110 ? 8 : 16), importance: Self.barImportance)
        for (index, part) in text.parts.enumerated() {
            wide.add(part.text, importance: part.importance, lead: index > 0 ? part.lead : " ")
        }
        let shown = wide.fitted(to: width - Self.margin)
        let before = shownColumns
        let isPrinted = print(removal(width: width) + shown, .progress)
        (shownColumns, shownAt) = (isPrinted ? shown.count : before, MonotonicClock.nanoseconds)
    }

    /// The bar is omitted only after all parts with a lower importance.
    static let barImportance = 7

    private static func bar(_ share: Double, width: Int) -> String {
        let full = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
    }

    /// Removes the progress line.
    func clear() { print(removal(), .other) }

    /// The work of the job has ended, and its last lines follow.
    func beginEnd(_ wait: HeldOutput.LastWait) {
        isEnding = true
        output.beginEnd(wait)
    }

    /// Writes the lines that the reader of the output has not made room for, or warns that they are lost. Nothing follows. Without `beginEnd`, the
    /// job has failed.
    func finish() {
        let output = self.output
        guard output.isIncomplete else { return }
        output.beginEnd(HeldOutput.LastWait(after: nil))
        do throws(StandardOutputError) {
            let count = try Watchdog.waitingForDisk { () throws(StandardOutputError) in try output.finish() }
            guard count > 0 else { return }
            StandardError.warn(
                "the standard output is not read: \(counted(count, "line")) of the report could not be written. "
                    + "metrics.jsonl has the figures.")
        } catch {
            warn(error)
        }
    }

    /// The sequence that removes the progress line. A terminal that became narrower has broken the line into rows.
    private func removal(width: Int? = nil) -> String {
        guard let columns = shownColumns else { return "" }
        shownColumns = nil
        guard let width = width ?? terminal?.width(), columns > width, width > 0 else { return Self.clearLine }
        return "\u{1B}[\((columns - 1) / width)A\r\u{1B}[J"
    }

    /// An output that cannot be written, or whose reader pauses, does not stop training. The first failure is reported, and further lines are
    /// still tried. Returns false if the text is omitted because there is no room.
    @discardableResult
    private func print(_ text: String, _ kind: HeldOutput.Kind) -> Bool {
        if text.isEmpty { return true }
        do throws(StandardOutputError) {
            return try output.write(text, kind)
        } catch {
            warn(error)
            return true
        }
    }

    private func warn(_ error: StandardOutputError) {
        if !hasFailed { StandardError.warn("\(error) Training continues, and metrics.jsonl has its figures.") }
        hasFailed = true
    }
}
