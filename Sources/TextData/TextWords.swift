extension UnsafeRawBufferPointer {
    /// The ranges of the words of a text: what lies between white space. The text need not be valid UTF-8.
    var wordRanges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var (start, position) = (0, 0)
        while position < count {
            let width = whitespaceWidth(at: position)
            if width > 0, start < position { ranges.append(start..<position) }
            position += Swift.max(width, 1)
            if width > 0 { start = position }
        }
        if start < position { ranges.append(start..<position) }
        return ranges
    }
}

extension StringProtocol {
    /// The words of the text: what lies between white space, as with `--tokens word`.
    ///
    /// `split` divides a text at characters. It must not be used for words, because a blank with a combining mark behind it is one character, which
    /// is white space or not by its first scalar alone.
    package var words: [String] {
        var text = String(self)
        return text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            return bytes.wordRanges.map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    /// The parts of the text between the scalars `separator`, also the empty ones.
    package func fields(separatedBy separator: Unicode.Scalar) -> [String] {
        unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map { String(String.UnicodeScalarView($0)) }
    }
}
