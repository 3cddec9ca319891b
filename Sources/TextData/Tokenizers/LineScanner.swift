import Glibc

/// Splits a text into lines at line feeds. CR LF counts as LF.
struct LineScanner {
    struct Line {
        /// The line without its end.
        let bytes: UnsafeRawBufferPointer
        /// Whether a line feed follows.
        let isEnded: Bool

        /// The bytes in a range.
        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
    }

    private let text: UnsafeRawBufferPointer
    private var position = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The next line; nil at the end of the text.
    mutating func next() -> Line? {
        guard position < text.count, let base = text.baseAddress else { return nil }
        let start = position
        guard let found = memchr(base + start, 0x0A, text.count - start) else {
            position = text.count
            return Line(bytes: UnsafeRawBufferPointer(rebasing: text[start...]), isEnded: false)
        }
        let feed = UnsafeRawPointer(found) - base
        position = feed + 1
        let end = feed > start && text[feed - 1] == 0x0D ? feed - 1 : feed
        return Line(bytes: UnsafeRawBufferPointer(rebasing: text[start..<end]), isEnded: true)
    }
}
