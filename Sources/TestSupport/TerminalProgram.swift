internal import CChildProcess
public import Foundation

/// A program on a pseudo-terminal, as a user sees it. `deinit` kills it.
public final class TerminalProgram {
    private let process: ChildProcess
    private let master: Int32
    private var isOpen = true
    private var bytes: [UInt8] = []

    /// Starts a program on a terminal of this size.
    public init(
        _ program: URL, _ arguments: [String], columns: Int, rows: Int = 24, environment: [String: String] = [:], folder: URL
    ) throws {
        var path = [CChar](repeating: 0, count: 128)
        master = cchild_open_terminal(Int32(columns), Int32(rows), &path, Int64(path.count))
        guard master >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ENODEV) }
        let name = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let inherited = ProcessInfo.processInfo.environment.merging(ProgramRun.rootMayLaunch) { $1 }
        process = try ChildProcess(
            program, arguments, environment: inherited.merging(environment) { $1 }, folder: folder, terminal: name)
    }

    deinit {
        hangUp()
        process.send(SIGKILL)
        _ = process.waitForEnd(seconds: 10)
    }

    /// The number of the process.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// The output so far, with `\n` as line ends.
    public var output: String {
        var piece = [UInt8](repeating: 0, count: 4096)
        while isOpen {
            let count = read(master, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")
    }

    /// Waits until the output contains a text `count` times. Returns false if it does not in time.
    public func waits(for text: String, times: Int = 1, seconds: Double = 30) -> Bool {
        waitFor(seconds) { output.ranges(of: text).count >= times || !process.isRunning }
            && output.ranges(of: text).count >= times
    }

    /// Types keys: `\u{3}` is Ctrl-C.
    public func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// Changes the width of the window.
    public func resize(columns: Int, rows: Int = 24) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Closes the terminal, as when its window is closed.
    public func hangUp() {
        if isOpen { close(master) }
        isOpen = false
    }

    /// Sends a signal to the process.
    public func send(_ signal: Int32) { process.send(signal) }

    /// The exit status, or the number of the signal that ended it; nil if it does not end in time.
    public func end(seconds: Double) -> Int32? {
        _ = waitFor(seconds) {
            _ = output
            return !process.isRunning
        }
        return process.waitForEnd(seconds: 0)
    }
}

/// The display of a terminal: its rows, including those that have scrolled out of view.
public struct TerminalScreen {
    /// The characters of each row.
    public private(set) var rows: [[Character]] = [[]]
    /// Whether a row continues the row above, whose line was too long.
    public private(set) var continues: [Bool] = [false]
    private let columns: Int
    private var row = 0
    private var column = 0

    public init(_ text: String, columns: Int) {
        self.columns = columns
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\n": (row, column) = (row + 1, 0)
            case "\r": column = 0
            case "\u{1B}": control(&rest)
            default: put(character)
            }
            grow()
        }
    }

    /// The rows as lines, without trailing blanks.
    public var lines: [String] { rows.map { row in String(row.reversed().drop { $0 == " " }.reversed()) } }

    private mutating func grow() {
        while rows.count <= row {
            rows.append([])
            continues.append(false)
        }
    }

    private mutating func put(_ character: Character) {
        if column == columns {
            (row, column) = (row + 1, 0)
            grow()
            continues[row] = true
        }
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = character
        column += 1
    }

    /// `ESC [ n A`, `ESC [ K` and `ESC [ J`.
    private mutating func control(_ rest: inout Substring) {
        guard let match = rest.prefixMatch(of: /\[(\d*)([AKJ])/) else { return }
        rest = rest[match.range.upperBound...]
        switch match.2 {
        case "A": row = max(0, row - (Int(match.1) ?? 1))
        case "K": rows[row] = Array(rows[row].prefix(column))
        default:
            rows[row] = Array(rows[row].prefix(column))
            rows.removeLast(rows.count - row - 1)
            continues.removeLast(continues.count - row - 1)
        }
    }
}
