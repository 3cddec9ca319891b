/// Splits a text into words at whitespace, with `<eos>` after every line.
///
/// Whitespace is every scalar with the Unicode property White_Space: tab to carriage return, blank, U+0085, U+00A0, U+1680, U+2000 to
/// U+200A, U+2028, U+2029, U+202F, U+205F and U+3000. Only a line feed ends a line, so CR LF ends one line. An empty line is `<eos>` only.
/// The text must be valid UTF-8.
struct WordScanner {
    private var p: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private let lineEnd = SpecialSymbol.endOfLine.token
    /// Whether the last line, without a line feed, still needs an end.
    private var owesLineEnd: Bool

    /// - Parameter endsLastLine: whether a last line without a line feed gets an `<eos>`: true for a corpus, false for a prompt.
    init(_ text: UnsafeRawBufferPointer, endsLastLine: Bool) {
        (p, end) = text.byteBounds
        owesLineEnd = endsLastLine && !text.isEmpty && text[text.count - 1] != 0x0A
    }

    /// The next word or line end; nil at the end of the text.
    @inline(__always)
    mutating func next() -> ScannedToken? {
        while p < end {
            let byte = p.pointee
            if byte > 0x20 && byte < 0x80 { return word() }
            if byte == 0x20 {
                p += 1
                continue
            }
            if byte == 0x0A {
                p += 1
                return lineEnd
            }
            let width = whitespaceWidth(p)
            if width == 0 { return word() }
            p += width
        }
        guard owesLineEnd else { return nil }
        owesLineEnd = false
        return lineEnd
    }

    /// Whether `token`, which this scanner returned, is the end of a line, and not a word `<eos>` of the text.
    func isLineEnd(_ token: ScannedToken) -> Bool { token.start == lineEnd.start }

    /// The word at `p`. The fast path is for ASCII words of fewer than eight bytes that whitespace follows.
    @inline(__always)
    private mutating func word() -> ScannedToken {
        let start = p
        let loaded = Eight.load(start, end: end)
        let count = Eight.printingPrefix(loaded)
        p = start + count
        if count == 8 || !isBlank(p) { p = endOfInk(p) }
        return ScannedToken(start: start, count: p - start, loaded: loaded, end: end)
    }

    /// Whether the word before `p` certainly ends at `p`.
    @inline(__always)
    private func isBlank(_ p: UnsafePointer<UInt8>) -> Bool {
        p >= end || p.pointee == 0x20 || p.pointee == 0x0A
    }

    /// The first whitespace at or after `p`, or the end of the text.
    @inline(never)
    private func endOfInk(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var p = start
        while p < end {
            let count = Eight.inkPrefix(Eight.load(p, end: end))
            p += count
            if count == 8 { continue }
            if p >= end || whitespaceWidth(p) != 0 { break }
            p += 1
        }
        return min(p, end)
    }
}

/// Iterates over the Unicode scalars of valid UTF-8. CR LF counts as LF.
struct CharacterScanner {
    /// The end of the last scalar.
    private(set) var p: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ text: UnsafeRawBufferPointer) {
        (p, end) = text.byteBounds
    }

    /// The value of the next scalar; nil at the end of the text.
    @inline(__always)
    mutating func next() -> UInt32? {
        guard p < end else { return nil }
        let lead = p.pointee
        if lead >= 0x80 { return beyondASCII(lead) }
        p += 1
        if lead == 0x0D, p < end, p.pointee == 0x0A {
            p += 1
            return 0x0A
        }
        return UInt32(lead)
    }

    @inline(__always)
    private mutating func beyondASCII(_ lead: UInt8) -> UInt32 {
        let second = UInt32(p[1] & 0x3F)
        if lead < 0xE0 {
            p += 2
            return UInt32(lead & 0x1F) << 6 | second
        }
        let third = UInt32(p[2] & 0x3F)
        if lead < 0xF0 {
            p += 3
            return UInt32(lead & 0x0F) << 12 | second << 6 | third
        }
        p += 4
        // p has advanced: the fourth byte is before it.
        return UInt32(lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(p[-1] & 0x3F)
    }
}

/// The number of bytes of the whitespace at `p`; 0 if there is none. The text is valid UTF-8, and `p` is before its end.
@inline(__always)
func whitespaceWidth(_ p: UnsafePointer<UInt8>) -> Int {
    switch p.pointee {
    case 0x20, 0x09...0x0D: 1
    case 0xC2: p[1] == 0x85 || p[1] == 0xA0 ? 2 : 0
    case 0xE1: p[1] == 0x9A && p[2] == 0x80 ? 3 : 0
    case 0xE2: isGeneralPunctuationBlank(p[1], p[2]) ? 3 : 0
    case 0xE3: p[1] == 0x80 && p[2] == 0x80 ? 3 : 0
    default: 0
    }
}

/// Whether E2 `second` `third` is U+2000 to U+200A, U+2028, U+2029, U+202F or U+205F.
private func isGeneralPunctuationBlank(_ second: UInt8, _ third: UInt8) -> Bool {
    switch (second, third) {
    case (0x80, 0x80...0x8A), (0x80, 0xA8), (0x80, 0xA9), (0x80, 0xAF), (0x81, 0x9F): true
    default: false
    }
}

extension UnsafeRawBufferPointer {
    /// The start and the end. An empty buffer may have no address, and then gets one that is never read.
    fileprivate var byteBounds: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) {
        let start = baseAddress?.assumingMemoryBound(to: UInt8.self) ?? SpecialSymbol.endOfLine.bytes
        return (start, start + count)
    }
}
