/// One token as it stands in a text: bytes that live as long as the text does, with their hash.
struct ScannedToken {
    let start: UnsafePointer<UInt8>
    let count: Int
    let hash: UInt32
}

/// Cuts a validated text into tokens, from its start to its end.
protocol TokenScanner {
    mutating func next() -> ScannedToken?
}

/// The text without a byte-order mark at its start.
func withoutByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF else { return bytes }
    return UnsafeRawBufferPointer(rebasing: bytes[3...])
}

/// Words between whitespace, and `<eos>` after every line.
///
/// Whitespace is every scalar with the Unicode property White_Space: tab to carriage return, blank, U+0085, U+00A0, U+1680,
/// U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000. Only the line feed ends a line, so CR LF ends one, too.
/// A blank line is `<eos>` alone.
struct WordScanner: TokenScanner {
    private var p: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private let lineEnd = SpecialSymbol.endOfLine.token
    /// Whether a line was begun and must still be ended.
    private var isInLine = false
    /// Whether the last line is ended where the text has no line feed after it: yes for a corpus, no for a prompt.
    private let endsLastLine: Bool

    init(_ text: UnsafeRawBufferPointer, endsLastLine: Bool = true) {
        (p, end) = text.byteBounds
        self.endsLastLine = endsLastLine
    }

    @inline(__always)
    mutating func next() -> ScannedToken? {
        while p < end {
            let width = whitespaceWidth(p)
            if width == 0 { return word() }
            isInLine = p.pointee != 0x0A
            p += width
            if !isInLine { return lineEnd }
        }
        guard isInLine, endsLastLine else { return nil }
        isInLine = false
        return lineEnd
    }

    @inline(__always)
    private mutating func word() -> ScannedToken {
        isInLine = true
        let start = p
        var hash = SymbolHash()
        while p < end {
            let byte = p.pointee
            let isPlain = byte > 0x20 && byte < 0x80
            if !isPlain, whitespaceWidth(p) != 0 { break }
            hash.add(byte)
            p += 1
        }
        return ScannedToken(start: start, count: p - start, hash: hash.value)
    }
}

/// Unicode scalars, with CR LF read as LF.
struct CharacterScanner: TokenScanner {
    private var p: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ text: UnsafeRawBufferPointer) {
        (p, end) = text.byteBounds
    }

    @inline(__always)
    mutating func next() -> ScannedToken? {
        guard p < end else { return nil }
        if p.pointee == 0x0D, p + 1 < end, p[1] == 0x0A { p += 1 }
        let start = p
        let lead = p.pointee
        p += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var hash = SymbolHash()
        for offset in 0..<(p - start) { hash.add(start[offset]) }
        return ScannedToken(start: start, count: p - start, hash: hash.value)
    }
}

/// How many bytes the whitespace at `p` takes, 0 if none stands there. The text is valid UTF-8 and `p` before its end.
@inline(__always)
private func whitespaceWidth(_ p: UnsafePointer<UInt8>) -> Int {
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
    /// The first byte and the one after the last; an empty buffer may have no address, and gets one that is never read.
    fileprivate var byteBounds: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) {
        let start = baseAddress?.assumingMemoryBound(to: UInt8.self) ?? SpecialSymbol.endOfLine.bytes
        return (start, start + count)
    }
}
