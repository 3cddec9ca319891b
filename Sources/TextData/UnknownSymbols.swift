/// The symbols of a text that are not in a vocabulary.
public struct UnknownSymbols: Sendable, Equatable {
    /// The number of unknown words or characters.
    public private(set) var count = 0
    /// The first of them.
    public private(set) var first = ""
    /// The byte offset of the first in the text, including a byte-order mark, or in `part`.
    public private(set) var byteOffset = 0
    /// The part of the text in which the first is; nil for the whole text.
    public private(set) var part: String?

    public init() {}

    /// The first `count` of them.
    package func prefix(_ count: Int) -> UnknownSymbols {
        var symbols = self
        symbols.count = min(count, self.count)
        return symbols
    }

    /// Counts the last character of `bytes`, which ends at `end`.
    mutating func note(_ scalar: Unicode.Scalar, endingAt end: Int, of bytes: UnsafeRawBufferPointer) {
        let start = end - UTF8.width(scalar)
        note(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: start)
    }

    /// Counts the offset of the first from byte `start`, at which a part begins.
    mutating func locate(inPartFrom start: Int, named name: String) {
        (byteOffset, part) = (byteOffset - start, name)
    }

    /// Counts a symbol at `byteOffset`.
    mutating func note(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) {
        if count == 0 { (first, self.byteOffset) = (String(decoding: bytes, as: UTF8.self), byteOffset) }
        count += 1
    }
}

/// Collects the characters of a text that the encoder skips.
public final class SkippedCharacters {
    /// The skipped characters so far.
    public internal(set) var unknown = UnknownSymbols()

    public init() {}

    /// Counts the offset of the first character from byte `start`, at which a part of the text begins.
    package func locate(inPartFrom start: Int, named name: String) { unknown.locate(inPartFrom: start, named: name) }
}
