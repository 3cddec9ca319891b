import Files
import Foundation
import Runs
import TextData

/// What the run folder knows of the texts: a text with the stamp that it had when it was examined need not be read again, as long as
/// its token file is sound.
struct TextStamps: Codable, Equatable {
    private struct Entry: Codable, Equatable {
        var unit: TokenUnit
        var digest: UInt64
        /// Nil where the text might have changed again without another stamp.
        var source: FileStamp?
        /// The ends of the part of the file that the text is; nil for the whole file.
        var part: [Int]?
    }

    /// How a file was split.
    private struct Split: Codable, Equatable {
        var source: FileStamp
        var cut: TextSplit
    }

    /// The file has three entries of some 200 bytes each.
    private static let mostBytes = 1 << 16

    private var entries: [String: Entry] = [:]
    private var split: Split?

    /// Nothing is known.
    init() {}

    /// Reads what `write` wrote. What cannot be read is not known: the texts are read again.
    init(path: String) {
        guard let bytes = try? ReadableFile.contents(of: path, limit: Self.mostBytes) else { return }
        self = (try? JSONDecoder().decode(TextStamps.self, from: Data(bytes))) ?? TextStamps()
    }

    /// Writes the file, if it differs from what was read.
    func write(to place: FilePlace) throws {
        guard self != TextStamps(path: place.path) else { return }
        try DurableFile.write(String(decoding: try JSONEncoder().encode(self), as: UTF8.self) + "\n", to: place)
    }

    /// The digest of an opened text, if it is the one that was examined.
    func digest(of role: TextRole, _ text: OpenedText) -> UInt64? {
        guard let entry = entries[role.rawValue], entry.unit == text.unit, let stamp = text.stamp else { return nil }
        return entry.source == stamp && entry.part == Self.ends(text) ? entry.digest : nil
    }

    /// Whether a text was examined with a stamp, so that it is read again only if it has another.
    func hasStamp(of role: TextRole) -> Bool { entries[role.rawValue]?.source != nil }

    /// Notes a text that was examined.
    mutating func note(_ role: TextRole, _ text: OpenedText, digest: UInt64) {
        let stamp = Self.settled(text)
        entries[role.rawValue] = Entry(unit: text.unit, digest: digest, source: stamp, part: Self.ends(text))
    }

    /// How the lines of an opened text were split, if it is the file that was.
    func split(of text: OpenedText) -> TextSplit? {
        split.flatMap { $0.source == text.stamp && $0.cut.covers(text) ? $0.cut : nil }
    }

    /// Notes how the lines of a text are split.
    mutating func note(_ cut: TextSplit, of text: OpenedText) { split = Self.settled(text).map { Split(source: $0, cut: cut) } }

    /// The stamp of an opened text; nil where the file might change again without another.
    private static func settled(_ text: OpenedText) -> FileStamp? {
        guard let stamp = text.stamp, let path = text.path, stamp.isSettled, stamp == FileStamp(path: path) else { return nil }
        return stamp
    }

    private static func ends(_ text: OpenedText) -> [Int]? { text.part.map { [$0.lowerBound, $0.upperBound] } }
}
