import Files
import Foundation
import TextData

/// What the run folder knows of the texts: a text with the stamp that it had when it was examined need not be read again, as long as
/// its token file is sound.
struct TextStamps: Codable, Equatable {
    private struct Entry: Codable, Equatable {
        var unit: TokenUnit
        var digest: UInt64
        /// Nil where the text might have changed again without another stamp.
        var source: FileStamp?
    }

    /// The file has three entries of some 200 bytes each.
    private static let mostBytes = 1 << 16

    private var entries: [String: Entry] = [:]

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
        return entry.source == stamp ? entry.digest : nil
    }

    /// Notes a text that was examined.
    mutating func note(_ role: TextRole, _ text: OpenedText, digest: UInt64) {
        let stamp = text.stamp.flatMap { $0.isSettled && $0 == FileStamp(path: text.name) ? $0 : nil }
        entries[role.rawValue] = Entry(unit: text.unit, digest: digest, source: stamp)
    }
}
