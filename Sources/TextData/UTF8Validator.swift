/// Why a sequence of bytes is no UTF-8.
public enum UTF8Defect: String, Sendable, Equatable {
    case strayContinuation = "a continuation byte without a lead byte"
    case overlong = "an overlong sequence"
    case surrogate = "a surrogate (U+D800 to U+DFFF)"
    case tooLarge = "a value above U+10FFFF"
    case truncated = "a sequence that breaks off"
}

/// Walks over UTF-8 from its start and stops at the first sequence that is none.
///
/// Well-formed is what table 3-7 of the Unicode Standard lists. Eight ASCII bytes are passed over at once.
struct UTF8Validator {
    let bytes: UnsafeRawBufferPointer
    /// The first byte not yet examined; of a bad sequence, its lead byte.
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Walks on to `limit` or up to 3 bytes beyond; returns what is wrong at `position`, or nil.
    mutating func advance(to limit: Int) -> UTF8Defect? {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let raw = UnsafeRawPointer(start)
        let wideLimit = limit - 8
        var p = position
        defer { position = p }
        while p < limit {
            if p <= wideLimit, raw.loadUnaligned(fromByteOffset: p, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
                p += 8
                continue
            }
            if start[p] < 0x80 {
                p += 1
                continue
            }
            let (length, defect) = Self.sequence(at: start + p, available: bytes.count - p)
            if let defect { return defect }
            p += length
        }
        return nil
    }

    /// The length of the sequence of two to four bytes at `s`, or what is wrong with it.
    private static func sequence(at s: UnsafePointer<UInt8>, available: Int) -> (length: Int, defect: UTF8Defect?) {
        let lead = s[0]
        switch lead {
        case 0x80...0xBF: return (0, .strayContinuation)
        case 0xC0, 0xC1: return (0, .overlong)
        case 0xF5...0xFF: return (0, .tooLarge)
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
