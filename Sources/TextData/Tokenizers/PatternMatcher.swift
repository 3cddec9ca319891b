import CPCRE2

/// Divides lines into the matches of a regular expression of PCRE2. One thread at a time uses it.
struct PatternMatcher {
    let pattern: String
    private let compiled: CompiledPattern

    /// Throws `badTokenPattern` (64), `noPatternLibrary` (66).
    init(_ pattern: String) throws(TextDataError) {
        self.pattern = pattern
        compiled = try CompiledPattern(pattern)
    }

    /// A place of a line at which no token begins.
    struct Gap {
        let offset: Int
        let reason: Reason

        enum Reason: Equatable {
            case noMatch
            /// The pattern matches there, but no character.
            case emptyMatch
            /// The library gave up, such as at its limit of steps.
            case failure(String)
        }
    }

    /// Passes the matches, each from the end of the one before, to `take`. Returns the place at which no token begins, or nil.
    ///
    /// The pattern sees the whole line, so that `^` matches at its start only, and `\b` depends on the character before a match. Each match is
    /// passed before the next one is searched.
    func forEachMatch(
        in line: UnsafeRawBufferPointer, _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) -> Gap? {
        var offset = 0
        while offset < line.count {
            let match = compiled.match(line, at: offset)
            guard case .end(let end) = match else {
                if case .failure(let reason) = match { return Gap(offset: offset, reason: .failure(reason)) }
                return Gap(offset: offset, reason: .noMatch)
            }
            guard end > offset else { return Gap(offset: offset, reason: .emptyMatch) }
            try take(FoundToken(bytes: UnsafeRawBufferPointer(rebasing: line[offset..<end])))
            offset = end
        }
        return nil
    }

    /// Whether a match contains the last byte of a line, and others.
    func joinsLastByte(of line: String) throws(TextDataError) -> Bool {
        var last = 0
        let outcome = Array(line.utf8).withUnsafeBytes { bytes in
            Result { () throws(TextDataError) in try forEachMatch(in: bytes) { last = $0.bytes.count } }
        }
        return try outcome.get() == nil && last > 1
    }
}

/// A regular expression that the library has compiled.
private final class CompiledPattern {
    private let pointer: OpaquePointer

    init(_ pattern: String) throws(TextDataError) { pointer = try Self.compiled(pattern) }

    private static func compiled(_ pattern: String) throws(TextDataError) -> OpaquePointer {
        try PatternLibrary.require()
        var message = LibraryMessage()
        var (pattern, offset) = (pattern, 0)
        let compiled = pattern.withUTF8 { bytes in
            message.filled { cpcre2_compile(bytes.baseAddress, bytes.count, &offset, $0, $1) }
        }
        if let compiled { return compiled }
        let place = String(decoding: pattern.utf8.prefix(offset), as: UTF8.self)
        let found = place.isEmpty ? "" : " after '\(place.suffix(40))'"
        throw .badTokenPattern(pattern: pattern, reason: message.text + found)
    }

    deinit { cpcre2_free(pointer) }

    enum Match {
        case end(Int)
        case none
        case failure(String)
    }

    /// Matches at byte `start`. A match in a line must have begun at byte 0 of it before, which checks that the line is UTF-8.
    func match(_ line: UnsafeRawBufferPointer, at start: Int) -> Match {
        var message = LibraryMessage()
        let end = message.filled {
            cpcre2_match(
                pointer, line.baseAddress?.assumingMemoryBound(to: CChar.self), line.count, start, start > 0 ? 1 : 0, $0, $1)
        }
        if end >= 0 { return .end(Int(end)) }
        return end == CPCRE2_NO_MATCH ? .none : .failure(message.text)
    }
}

/// PCRE2, the library of regular expressions, which is loaded when it is first used.
enum PatternLibrary {
    /// The Debian package of the library.
    static let package = "libpcre2-8-0"

    /// The versions of the library and of its Unicode tables, on which classes such as `\w` depend. Empty if the library is not installed.
    static var version: String { cpcre2_open(nil, 0) == 0 ? String(cString: cpcre2_version()) : "" }

    /// Throws `noPatternLibrary` (66) unless the library can be loaded.
    static func require() throws(TextDataError) {
        var message = LibraryMessage()
        guard message.filled({ cpcre2_open($0, $1) }) == 0 else { throw .noPatternLibrary(reason: message.text) }
    }
}
