/// What of a text a vocabulary lacks.
public struct UnknownSymbols: Sendable, Equatable {
    /// How many words or characters were unknown.
    public private(set) var count = 0
    /// The first of them.
    public private(set) var first = ""
    /// Where the first begins in the text, a byte-order mark included.
    public private(set) var byteOffset = 0

    public init() {}

    /// Counts the last character of `bytes` that ends at `end`.
    mutating func note(_ scalar: Unicode.Scalar, endingAt end: Int, of bytes: UnsafeRawBufferPointer) {
        let start = end - UTF8.width(scalar)
        note(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: start)
    }

    /// Counts one that begins at `byteOffset`.
    mutating func note(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) {
        if count == 0 { (first, self.byteOffset) = (String(decoding: bytes, as: UTF8.self), byteOffset) }
        count += 1
    }
}

/// Collects the characters that are left out of a text.
public final class SkippedCharacters {
    /// What was left out so far.
    public internal(set) var unknown = UnknownSymbols()

    public init() {}
}
