import Digests

/// The checksum at the end of each line of `metrics.jsonl`.
///
/// It is the XXH3 digest of the line before with its line end (nothing for the first line), and of its own line up to the comma before
/// `"checksum"`. So it shows that its line or the line before was changed, and that a line between the two was removed or inserted.
/// Lines of older versions have none.
package struct LineChecksum: Equatable {
    let stored: String
    let expected: String

    private static let start = Array(#","checksum":""#.utf8)
    private static let key = Array(#""checksum""#.utf8)
    private static let firstKey = Array(#""event""#.utf8)
    private static let digits = 16
    private static let end = Array(#""}"#.utf8)

    /// The line, with its line end, of a JSON object with the checksum as its last member.
    ///
    /// - Parameter last: the line before, with its line end; empty for the first line.
    package static func sealed(_ object: [UInt8], after last: [UInt8]) -> [UInt8] {
        let body = Array(object.dropLast())
        let digest = last.withUnsafeBytes { before in body.withUnsafeBytes { Self.digest(before, $0) } }
        return body + start + Array(digest.hexadecimal.utf8) + end + Array("\n".utf8)
    }

    /// Whether a line with its line end, which `sealed` has made as a first line, is unchanged; nil if it has no checksum.
    package static func isRight(_ line: [UInt8]) -> Bool? {
        line.withUnsafeBytes { bytes in
            guard bytes.last == UInt8(ascii: "\n") else { return nil }
            let nothing = UnsafeRawBufferPointer(rebasing: bytes[..<0])
            let line = UnsafeRawBufferPointer(rebasing: bytes.dropLast())
            return LineChecksum(of: line, after: nothing)?.isRight ?? (isMisplaced(in: line) ? false : nil)
        }
    }

    /// The checksum of a line without its line end, after a line with its line end; nil if the line does not end with a checksum.
    init?(of line: UnsafeRawBufferPointer, after before: UnsafeRawBufferPointer) {
        let count = line.count - (Self.start.count + Self.digits + Self.end.count)
        guard count > 0, line[count...].starts(with: Self.start), line.suffix(Self.end.count).elementsEqual(Self.end) else {
            return nil
        }
        stored = String(decoding: line.dropLast(Self.end.count).suffix(Self.digits), as: UTF8.self)
        expected = Self.digest(before, UnsafeRawBufferPointer(rebasing: line[..<count])).hexadecimal
    }

    /// Whether a line has a member `checksum` that is not where `sealed` puts it.
    static func isMisplaced(in line: UnsafeRawBufferPointer) -> Bool {
        guard let found = line.firstRange(of: key) else { return false }
        return line[found.upperBound...].first { $0 != UInt8(ascii: " ") } == UInt8(ascii: ":")
    }

    /// Whether the incomplete last line of a file contains more than one line: a line begins after a member `checksum`.
    static func isFollowed(in rest: UnsafeRawBufferPointer) -> Bool {
        guard let found = rest.firstRange(of: key) else { return false }
        return rest[found.upperBound...].firstRange(of: firstKey) != nil
    }

    var isRight: Bool { stored == expected }

    private static func digest(_ before: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = XXH3Hasher()
        hasher.update(before)
        hasher.update(body)
        return hasher.digest()
    }
}
