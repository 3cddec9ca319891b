/// The reason why a byte sequence is not valid UTF-8.
public enum UTF8Defect: Sendable, Equatable, CustomStringConvertible {
    case strayContinuation
    case overlong
    case surrogate
    case tooLarge
    case truncated
    /// A byte that no valid sequence contains, such as 0xFF.
    case invalidByte(UInt8)

    public var description: String {
        switch self {
        case .strayContinuation: "a continuation byte without a lead byte"
        case .overlong: "an overlong sequence"
        case .surrogate: "a surrogate (U+D800 to U+DFFF)"
        case .tooLarge: "a value above U+10FFFF"
        case .truncated: "an incomplete sequence"
        case .invalidByte(let byte): "the byte 0x\(String(byte, radix: 16, uppercase: true)), which is never valid"
        }
    }
}

/// Validates UTF-8 from its start, and stops at the first invalid sequence.
///
/// Well-formed sequences are those of table 3-7 of the Unicode Standard. ASCII is skipped 32 bytes at a time.
struct UTF8Validator {
    let bytes: UnsafeRawBufferPointer
    /// The first byte not yet validated; the lead byte of an invalid sequence.
    private(set) var position = 0

    /// Starts at the first sequence that begins at or after `start`. Requires that the text before `start` is well-formed.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) {
        self.bytes = bytes
        position = Self.sequenceStart(bytes, start)
    }

    /// The end of a sequence that begins before `start` and extends beyond it; `start` if there is none.
    private static func sequenceStart(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), start < bytes.count else { return start }
        for lead in stride(from: start - 1, through: max(0, start - 3), by: -1) where base[lead] & 0xC0 != 0x80 {
            guard base[lead] >= 0x80 else { return start }
            return max(start, lead + sequence(at: base + lead, available: bytes.count - lead).length)
        }
        return start
    }

    /// Validates to `limit` or up to 3 bytes beyond. Returns the fault at `position`, or nil.
    mutating func advance(to limit: Int) -> UTF8Defect? {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let raw = UnsafeRawPointer(start)
        let wideLimit = limit - 32
        var p = position
        defer { position = p }
        while p < limit {
            if start[p] < 0x80 {
                p += p <= wideLimit ? Self.asciiPrefix(raw + p) : 1
                continue
            }
            let (length, defect) = Self.sequence(at: start + p, available: bytes.count - p)
            if let defect { return defect }
            p += length
        }
        return nil
    }

    /// The number of the 32 bytes at `p` before the first that is not ASCII. The first byte is ASCII.
    @inline(__always)
    private static func asciiPrefix(_ p: UnsafeRawPointer) -> Int {
        let highs: UInt64 = 0x8080_8080_8080_8080
        let a = UInt64(littleEndian: p.loadUnaligned(as: UInt64.self))
        let b = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let c = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let d = UInt64(littleEndian: p.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        if (a | b | c | d) & highs == 0 { return 32 }
        if a & highs != 0 { return (a & highs).trailingZeroBitCount >> 3 }
        if b & highs != 0 { return 8 + (b & highs).trailingZeroBitCount >> 3 }
        if c & highs != 0 { return 16 + (c & highs).trailingZeroBitCount >> 3 }
        return 24 + (d & highs).trailingZeroBitCount >> 3
    }

    /// The length of the sequence of two to four bytes at `s`, or its fault.
    private static func sequence(at s: UnsafePointer<UInt8>, available: Int) -> (length: Int, defect: UTF8Defect?) {
        let lead = s[0]
        switch lead {
        case 0x80...0xBF: return (0, .strayContinuation)
        case 0xC0, 0xC1: return (0, .overlong)
        case 0xF5...0xFF: return (0, .invalidByte(lead))
        default: break
        }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard available > 1, s[1] & 0xC0 == 0x80 else { return (0, .truncated) }
        switch (lead, s[1]) {
        case (0xE0, ..<0xA0), (0xF0, ..<0x90): return (0, .overlong)
        case (0xED, 0xA0...): return (0, .surrogate)
        case (0xF4, 0x90...): return (0, .tooLarge)
        default: break
        }
        guard available >= length else { return (0, .truncated) }
        if length > 2, s[2] & 0xC0 != 0x80 { return (0, .truncated) }
        if length > 3, s[3] & 0xC0 != 0x80 { return (0, .truncated) }
        return (length, nil)
    }
}
