import Communication
import Files
import Foundation

/// Standard output as lines, with one that is written over where a person watches.
///
/// A launcher gives its ranks pseudo-terminals even if its own output goes to a file, so that a terminal counts only if it has a width, or if
/// the launching script says through RNNTRAIN_TERMINAL=1 that it has one.
final class ProgressLine {
    private let rewrites: Bool
    private var isShowing = false
    private var hasFailed = false

    init() {
        var size = winsize()
        let hasWidth = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        rewrites = hasWidth || ProcessInfo.processInfo.environment["RNNTRAIN_TERMINAL"] == "1"
    }

    /// A line that stays.
    func line(_ text: String) {
        clear()
        print(text + "\n")
    }

    /// A line that the next one writes over, behind a bar that is full at 1; on no terminal, a plain line.
    func show(_ text: String, done share: Double) {
        guard rewrites else { return line(text) }
        print("\r\u{1B}[K" + Self.bar(share) + " " + text)
        isShowing = true
    }

    private static let barWidth = 16

    private static func bar(_ share: Double) -> String {
        let full = Int((min(max(share, 0), 1) * Double(barWidth)).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: barWidth - full) + "]"
    }

    /// Takes the line that is shown away.
    func clear() {
        if isShowing { print("\r\u{1B}[K") }
        isShowing = false
    }

    /// What cannot be written is no reason to stop training: the first time it is said, and further lines are tried all the same.
    private func print(_ text: String) {
        do throws(StandardOutputError) {
            try StandardOutput.write(text)
        } catch {
            if !hasFailed { StandardError.warn("\(error) The training goes on; its figures are in metrics.jsonl.") }
            hasFailed = true
        }
    }
}
