/// The symbols of a text that are not in a vocabulary.
public struct UnknownSymbols: Sendable, Equatable {
    /// The number of unknown words or characters.
    public private(set) var count = 0
    /// The first of them.
    public private(set) var first = ""
    /// The byte offset of the first in the text, including a byte-order mark.
    public private(set) var byteOffset = 0

    public init() {}

    /// Counts the last character of `bytes`, which ends at `end`.
    mutating func note(_ scalar: Unicode.Scalar, endingAt end: Int, of bytes: UnsafeRawBufferPointer) {
        let start = end - UTF8.width(scalar)
        note(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: start)
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
}
