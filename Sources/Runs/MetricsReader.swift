import Failures
package import Files
import Foundation

/// Reads `metrics.jsonl` line by line.
package struct MetricsReader {
    /// The number of complete lines.
    package private(set) var lineCount = 0
    /// Whether the file ends inside a line.
    package private(set) var hasCutLine = false
    /// The models in the lines.
    package private(set) var models = LoggedModels()
    /// The first line whose checksum shows a change, as the error `StoredRunError.inconsistentLog`, or `.unendedLines`; nil if there is none.
    package private(set) var change: StoredRunError?

    /// The place of the last complete line with its line end, and whether it has a checksum.
    private var last: (place: Range<Int>, isSealed: Bool) = (0..<0, false)

    /// The beginning of a line of a step, which has no data about models. Most lines of a log are of this kind.
    private static let stepLine = Array(#"{"event":"step""#.utf8)

    /// Reads the file at `path`. Throws `FileError`, and `StoredRunError.badLog` and `.inconsistentLog`.
    ///
    /// With `modelsOnly`, only the last of successive lines of steps is decoded, and invalid lines are ignored. Cost: one pass over the file.
    package init(path: String, modelsOnly: Bool = false) throws {
        let file = try MappedFile(path: path)
        self = try file.checked({ $0 as any Error }) { () throws(any Error) in try MetricsReader(file, modelsOnly: modelsOnly) }
    }

    /// Reads a file. Throws `StoredRunError.badLog` and `.inconsistentLog`.
    package init(_ file: MappedFile, modelsOnly: Bool = false) throws {
        var lastStepLine: Slice<UnsafeRawBufferPointer>?
        let end = try Self.forEachLine(of: file) { _, bytes, offset in
            if modelsOnly, bytes.starts(with: Self.stepLine) {
                lineCount += 1
                lastStepLine = bytes
            } else {
                takeStep(lastStepLine)
                lastStepLine = nil
                try take(bytes, at: offset, file.path, modelsOnly: modelsOnly)
            }
            checkSeal(file, offset..<offset + bytes.count)
        }
        takeStep(lastStepLine)
        hasCutLine = end < file.bytes.count
        let rest = UnsafeRawBufferPointer(rebasing: file.bytes[end...])
        if LineChecksum.isFollowed(in: rest) { change = .unendedLines(path: file.path) }
    }

    /// Passes the complete lines of a file to `body`, each with its number from 1 and its offset in bytes. Returns the offset after the
    /// last of them.
    @discardableResult
    static func forEachLine(
        of file: MappedFile, _ body: (_ line: Int, _ bytes: Slice<UnsafeRawBufferPointer>, _ offset: Int) throws -> Void
    ) throws -> Int {
        file.adviseSequential()
        var (start, line) = (0, 0)
        while let end = file.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            line += 1
            try body(line, file.bytes[start..<end], start)
            start = end + 1
        }
        return start
    }

    /// Takes how far the log goes from the last of successive lines of steps. Ignores an invalid line.
    private mutating func takeStep(_ bytes: Slice<UnsafeRawBufferPointer>?) {
        guard let line = bytes.flatMap(Self.decoded) else { return }
        models.take(line)
    }

    /// Nil for an invalid line.
    private static func decoded(_ bytes: Slice<UnsafeRawBufferPointer>) -> LoggedModels.Line? {
        try? JSONDecoder().decode(LoggedModels.Line.self, from: Data(bytes))
    }

    private mutating func take(
        _ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int, _ path: String, modelsOnly: Bool
    ) throws {
        lineCount += 1
        guard bytes.first == UInt8(ascii: "{"),
            let line = Self.decoded(bytes)
        else {
            if modelsOnly { return }
            throw StoredRunError.badLog(path: path, line: lineCount, byteOffset: offset)
        }
        if !modelsOnly, let fault = Self.fault(line, bytes, after: models.parts.last) {
            throw StoredRunError.inconsistentLog(path: path, line: lineCount, reason: fault)
        }
        models.take(line)
    }

    /// Compares the checksum of a line with the line and with the line before it.
    private mutating func checkSeal(_ file: MappedFile, _ place: Range<Int>) {
        let line = UnsafeRawBufferPointer(rebasing: file.bytes[place])
        let checksum = LineChecksum(of: line, after: UnsafeRawBufferPointer(rebasing: file.bytes[last.place]))
        let follows = last.isSealed
        last = (place.lowerBound..<place.upperBound + 1, checksum != nil)
        let reason: String
        if let checksum {
            if checksum.isRight { return }
            reason = "its checksum is \(checksum.stored), but this line and the line before it give \(checksum.expected)"
        } else if LineChecksum.isMisplaced(in: line) {
            reason = "its checksum is not at its end: another program has written the line in another form, such as with CR LF"
        } else {
            if !follows { return }
            reason = "it has no checksum at its end, but the line before it has one"
        }
        change = change ?? .inconsistentLog(path: file.path, line: lineCount, reason: reason)
    }

    private static func fault(
        _ line: LoggedModels.Line, _ bytes: Slice<UnsafeRawBufferPointer>, after part: LogPart?
    ) -> String? {
        if let key = LoggedFigures.repeatedKey(bytes) { return "it has the key '\(Quotation.of(key, longest: 60))' twice" }
        return LoggedFigures.contradiction(line, after: part)
    }
}
