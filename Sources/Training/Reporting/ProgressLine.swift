import Communication
import Files
import Foundation

/// Standard output as lines, with one that is written over where a person watches.
final class ProgressLine {
    private var terminal = WatchedTerminal()
    /// Columns of the line that is shown; nil where none is.
    private var shownColumns: Int?
    private var shownAt: Int64 = 0
    private var hasFailed = false

    /// Columns that stay free behind the line, for the `^C` that a terminal writes there.
    private static let margin = 3
    private static let clearLine = "\r\u{1B}[K"
    /// Nanoseconds from one update to the next.
    private static let pause: Int64 = 1_000_000_000

    /// Whether a person watches who has seen nothing new for a second.
    var isDue: Bool { terminal != nil && MonotonicClock.nanoseconds - shownAt >= Self.pause }

    /// A line that stays.
    func line(_ text: String) {
        print(takeAway() + text + "\n")
    }

    /// A line that the next one writes over, with a bar that is full at 1; on no terminal, a plain line.
    func show(_ text: ProgressText, done share: Double) {
        guard let width = terminal?.width() else { return line(text.text) }
        var wide = ProgressText()
        wide.add(Self.bar(share, width: width < 110 ? 8 : 16), importance: Self.barImportance)
        for (index, part) in text.parts.enumerated() {
            wide.add(part.text, importance: part.importance, lead: index > 0 ? part.lead : " ")
        }
        let shown = wide.fitted(to: width - Self.margin)
        print(takeAway(width: width) + shown)
        (shownColumns, shownAt) = (shown.count, MonotonicClock.nanoseconds)
    }

    /// The bar is left out after parts that are less important than this.
    static let barImportance = 7

    private static func bar(_ share: Double, width: Int) -> String {
        let full = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
    }

    /// Takes the line that is shown away.
    func clear() { print(takeAway()) }

    /// The sequence that takes away the line that is shown. A terminal that has become narrower has broken it into rows.
    private func takeAway(width: Int? = nil) -> String {
        guard let columns = shownColumns else { return "" }
        shownColumns = nil
        guard let width = width ?? terminal?.width(), columns > width, width > 0 else { return Self.clearLine }
        return "\u{1B}[\((columns - 1) / width)A\r\u{1B}[J"
    }

    /// What cannot be written is no reason to stop training: the first time it is said, and further lines are tried all the same.
    private func print(_ text: String) {
        if text.isEmpty { return }
        do throws(StandardOutputError) {
            try StandardOutput.write(text)
        } catch {
            if !hasFailed { StandardError.warn("\(error) The training goes on; its figures are in metrics.jsonl.") }
            hasFailed = true
        }
    }
}
