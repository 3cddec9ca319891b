import Digests
import Files
import Foundation
import Runs
import TextData

/// The stamps of a run's texts. A text with the stamp of its last examination need not be read again, if its token file is valid.
///
/// The file is one JSON object with a checksum, as a line of `metrics.jsonl`. Files of older versions have none, and are not used.
struct TextStamps: Codable, Equatable {
    private struct Entry: Codable, Equatable {
        var unit: TokenUnit
        var digest: UInt64
        /// Nil if the text might change again without changing its stamp.
        var source: FileStamp?
        /// The bounds of the part of the file that the text consists of; nil for the whole file.
        var part: [Int]?
    }

    /// The split of a file.
    private struct Split: Codable, Equatable {
        var source: FileStamp
        var cut: TextSplit
    }

    /// The file has three entries of some 200 bytes each.
    private static let mostBytes = 1 << 16

    private var entries: [String: Entry] = [:]
    private var split: Split?

    /// No known stamps.
    init() {}

    /// Reads the file that `write` writes. If it cannot be read or was changed, no stamps are known, and the texts are read again.
    ///
    /// - Parameter expected: the digests of the run's texts, by role. A stamp with another digest is not used: a text is read before it is
    ///   refused.
    init(path: String, expecting expected: [String: String] = [:]) {
        guard let bytes = try? ReadableFile.contents(of: path, limit: Self.mostBytes) else { return }
        guard LineChecksum.isRight(bytes) == true else { return }
        self = Self.decoded(bytes) ?? TextStamps()
        entries = entries.filter { role, entry in expected[role].map { $0 == entry.digest.hexadecimal } ?? true }
    }

    private static func decoded(_ bytes: [UInt8]) -> TextStamps? {
        try? JSONDecoder().decode(TextStamps.self, from: Data(bytes))
    }

    /// Whether the file at `path` is as `write` has written it; nil if it has no checksum, and is not used. Throws `FileError`.
    static func areSound(path: String) throws(FileError) -> Bool? {
        let bytes = try ReadableFile.contents(of: path, limit: mostBytes)
        return decoded(bytes) == nil ? false : LineChecksum.isRight(bytes)
    }

    /// Writes the file if its content has changed.
    func write(to place: FilePlace) throws {
        guard self != TextStamps(path: place.path) else { return }
        try DurableFile.write(LineChecksum.sealed([UInt8](JSONEncoder().encode(self)), after: []), to: place)
    }

    /// The digest of an opened text, if its stamp is known.
    func digest(of role: TextRole, _ text: OpenedText) -> UInt64? {
        guard let entry = entries[role.rawValue], entry.unit == text.unit, let stamp = text.stamp else { return nil }
        return entry.source == stamp && entry.part == Self.ends(text) ? entry.digest : nil
    }

    /// Whether a text has a known stamp, so that it is read again only if the stamp changes.
    func hasStamp(of role: TextRole) -> Bool { entries[role.rawValue]?.source != nil }

    /// Records an examined text.
    mutating func note(_ role: TextRole, _ text: OpenedText, digest: UInt64) {
        let stamp = Self.settled(text)
        entries[role.rawValue] = Entry(unit: text.unit, digest: digest, source: stamp, part: Self.ends(text))
    }

    /// The split of an opened text, if it is the file that was split.
    func split(of text: OpenedText) -> TextSplit? {
        split.flatMap { $0.source == text.stamp && $0.cut.covers(text) ? $0.cut : nil }
    }

    /// Records the split of a text.
    mutating func note(_ cut: TextSplit, of text: OpenedText) { split = Self.settled(text).map { Split(source: $0, cut: cut) } }

    /// The stamp of an opened text; nil if the file might change again without changing its stamp.
    private static func settled(_ text: OpenedText) -> FileStamp? {
        guard let stamp = text.stamp, let path = text.path, stamp.isSettled, stamp == FileStamp(path: path) else { return nil }
        return stamp
    }

    private static func ends(_ text: OpenedText) -> [Int]? { text.part.map { [$0.lowerBound, $0.upperBound] } }
}
