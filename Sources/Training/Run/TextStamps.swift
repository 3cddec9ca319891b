import Files
import Foundation
import TextData

/// What the run folder knows of the texts: a text with the stamp that it had when it was examined need not be read again, nor a
/// token file with that which it had when it was written or verified.
struct TextStamps: Codable, Equatable {
    private struct Entry: Codable, Equatable {
        var unit: TokenUnit
        var digest: UInt64
        /// Nil where the text might have changed again without another stamp.
        var source: FileStamp?
        var tokens: FileStamp?
    }

    private var entries: [String: Entry] = [:]

    /// Nothing is known.
    init() {}

    /// Reads what `write` wrote. What cannot be read is not known.
    init(path: String) {
        guard let data = FileManager.default.contents(atPath: path) else { return }
        self = (try? JSONDecoder().decode(TextStamps.self, from: data)) ?? TextStamps()
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

    /// Whether the token file is as it was when it was written or verified.
    func holdTokens(of role: TextRole, _ path: String) -> Bool {
        guard let stamp = FileStamp(path: path) else { return false }
        return entries[role.rawValue]?.tokens == stamp
    }

    /// Notes a text that was examined.
    mutating func note(_ role: TextRole, _ text: OpenedText, digest: UInt64) {
        let tokens = entries[role.rawValue]?.tokens
        let stamp = text.stamp.flatMap { $0.isSettled && $0 == FileStamp(path: text.name) ? $0 : nil }
        entries[role.rawValue] = Entry(unit: text.unit, digest: digest, source: stamp, tokens: tokens)
    }

    /// Notes the token file of a text, which was written or verified.
    mutating func noteTokens(_ role: TextRole, _ path: String) {
        entries[role.rawValue]?.tokens = FileStamp(path: path)
    }
}
