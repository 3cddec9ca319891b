/// The size of a text in units that no vocabulary changes: the denominators of perplexities by word and by byte.
public struct TextExtent: Codable, Equatable, Sendable {
    /// Words between white space, and one for the end of each line, also of a last line without a line feed: the tokens of `--tokens word`.
    public let words: Int
    /// Bytes of the text, including line ends. A byte-order mark counts only if the tokens are bytes.
    public let bytes: Int

    /// A text of this size.
    public init(words: Int, bytes: Int) { (self.words, self.bytes) = (words, bytes) }

    /// Counts the words and bytes of a text, which need not be valid UTF-8.
    init(of text: UnsafeRawBufferPointer) {
        var (count, isInWord) = (0, false)
        var position = 0
        while position < text.count {
            let width = text.whitespaceWidth(at: position)
            if width > 0 {
                if text[position] == 0x0A { count += 1 }
                isInWord = false
                position += width
            } else {
                if !isInWord { count += 1 }
                isInWord = true
                position += 1
            }
        }
        if let last = text.last, last != 0x0A { count += 1 }
        self.init(words: count, bytes: text.count)
    }
}

extension UnsafeRawBufferPointer {
    /// Like the function for valid UTF-8, which reads up to two bytes beyond `position`.
    func whitespaceWidth(at position: Int) -> Int {
        let byte = self[position]
        if byte < 0x80 { return byte == 0x20 || (0x09...0x0D).contains(byte) ? 1 : 0 }
        guard count - position >= 3, let start = baseAddress else {
            return count - position == 2 && byte == 0xC2 && [0x85, 0xA0].contains(self[position + 1]) ? 2 : 0
        }
        return TextData.whitespaceWidth((start + position).assumingMemoryBound(to: UInt8.self))
    }
}

extension OpenedText {
    /// Counts the words and bytes of the whole text. Reads it once. Throws the errors of a file that cannot be read.
    public func extent() throws(TextDataError) -> TextExtent {
        try withBytes { (text) throws(TextDataError) in TextExtent(of: textPiece(text, 0..<text.count).bytes) }
    }

    /// The same of each line with its line feed, if it has one. The sums are those of the whole text.
    public func lineExtents() throws(TextDataError) -> [TextExtent] {
        var extents: [TextExtent] = []
        try withBytes { (text) throws(TextDataError) in
            try textPiece(text, 0..<text.count).bytes.forEachEndedLine { (line, _) throws(TextDataError) in
                extents.append(TextExtent(of: line))
            }
        }
        return extents
    }
}
