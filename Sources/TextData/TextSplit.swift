import Glibc

/// A split of one text at line ends: the first 90 % of its lines for training, then 5 % for validation and 5 % for test.
///
/// Each part has at least one line.
public struct TextSplit: Codable, Equatable, Sendable {
    /// The byte ranges for training, validation and test.
    public let bytes: [Range<Int>]
    /// The lines of each part, counted from 1.
    public let lines: [ClosedRange<Int>]

    /// Splits a text. Cost: one pass over it.
    ///
    /// Throws `tooFewLines` (65) for fewer than three lines, or the errors of `OpenedText.examine` if they explain that.
    public init(_ text: OpenedText) throws(TextDataError) {
        var lineCount = 0
        let split = try text.withBytes { (bytes) throws(TextDataError) -> TextSplit? in
            let index = LineIndex(bytes)
            lineCount = index.lineCount
            guard let counts = Self.counts(ofLines: lineCount) else { return nil }
            let ends = [index.end(ofLine: counts[0]), index.end(ofLine: counts[0] + counts[1]), bytes.count]
            return TextSplit(counts: counts, ends: ends)
        }
        guard let split else {
            // A file of another format, such as a compressed one, has few line feeds.
            _ = try text.examine(blocks: 0..<text.blockCount)
            throw .tooFewLines(source: text.name, lineCount: lineCount)
        }
        self = split
    }

    private init(counts: [Int], ends: [Int]) {
        bytes = ends.indices.map { ($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0] }
        lines = counts.indices.map { part in
            let before = counts[..<part].reduce(0, +)
            return before + 1...before + counts[part]
        }
    }

    /// The lines of a part as text: `line 20`, `lines 1-18`.
    public func lineText(_ part: Int) -> String {
        let lines = lines[part]
        return lines.count == 1 ? "line \(lines.lowerBound)" : "lines \(lines.lowerBound)-\(lines.upperBound)"
    }

    /// Whether the three parts are contiguous and not empty. A split that was read from a file may violate this.
    public func covers(_ text: OpenedText) -> Bool {
        bytes.count == 3 && lines.count == 3 && bytes[0].lowerBound == 0 && bytes[0].upperBound == bytes[1].lowerBound
            && bytes[1].upperBound == bytes[2].lowerBound && bytes[2].upperBound == text.byteCount
    }

    /// The number of lines of each part: for validation and test a twentieth, rounded, and at least one. Nil for too few lines.
    static func counts(ofLines count: Int) -> [Int]? {
        guard count >= 3 else { return nil }
        let twentieth = max(1, (count + 10) / 20)
        return [count - 2 * twentieth, twentieth, twentieth]
    }
}

/// The positions of the line ends of a text. The last line may lack a line feed.
private struct LineIndex {
    private let text: UnsafeRawBufferPointer
    /// The number of line feeds before each block of `blockByteCount` bytes, and in total.
    private var before = [0]

    private static let blockByteCount = 1 << 20

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        for start in stride(from: 0, to: text.count, by: Self.blockByteCount) {
            var count = 0
            Self.forEachLineFeed(text, in: start..<min(start + Self.blockByteCount, text.count)) { _ in
                count += 1
                return true
            }
            before.append(before[before.count - 1] + count)
        }
    }

    var lineCount: Int {
        let isOpen = text.last.map { $0 != UInt8(ascii: "\n") } ?? false
        return before[before.count - 1] + (isOpen ? 1 : 0)
    }

    /// The offset after the line feed of a line that has one.
    func end(ofLine line: Int) -> Int {
        let block = (before.firstIndex { $0 >= line } ?? before.count) - 1
        var left = line - before[max(0, block)]
        var end = text.count
        let start = max(0, block) * Self.blockByteCount
        Self.forEachLineFeed(text, in: start..<min(start + Self.blockByteCount, text.count)) { offset in
            left -= 1
            if left == 0 { end = offset + 1 }
            return left > 0
        }
        return end
    }

    /// Calls `body` with the offset of each line feed until it returns false.
    private static func forEachLineFeed(_ text: UnsafeRawBufferPointer, in range: Range<Int>, _ body: (Int) -> Bool) {
        guard let start = text.baseAddress else { return }
        var offset = range.lowerBound
        while offset < range.upperBound, let place = memchr(start + offset, 0x0A, range.upperBound - offset) {
            offset = UnsafeRawPointer(place) - start
            guard body(offset) else { return }
            offset += 1
        }
    }
}
