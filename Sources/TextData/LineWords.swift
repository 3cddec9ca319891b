/// The tokens of a word: what lies between white space in a line.
package struct LineWord: Equatable, Sendable {
    /// The bytes of the word, as in the text.
    package let text: ArraySlice<UInt8>
    /// The tokens of the word in its line, from 0. Empty if the token that has the beginning of the word begins in a word before.
    package internal(set) var tokens: Range<Int>
}

/// To which word a token belongs.
///
/// A token belongs to the word of its first character that is no white space. White space alone, and the end of a line of characters, belongs to the
/// word before it, or at the beginning of a line to the first word; with `joinsBlanks`, it belongs to the word after it, and the line end to no word.
package struct WordDivision: Sendable {
    /// Whether each token but the line end is a word.
    let isSpaced: Bool
    /// Whether the tokenizer joins a blank to the word after it.
    let joinsBlanks: Bool

    package init(_ vocabulary: Vocabulary) {
        self.init(isSpaced: vocabulary.unit.isSpaced, joinsBlanks: vocabulary.joinsBlanks)
    }

    package init(isSpaced: Bool, joinsBlanks: Bool) { (self.isSpaced, self.joinsBlanks) = (isSpaced, joinsBlanks) }

    /// The words of `line` in order, with their tokens.
    package func words(of line: EncodedLine) -> [LineWord] {
        let count = line.tokens.count - (line.isEnded && (isSpaced || joinsBlanks) ? 1 : 0)
        if isSpaced { return (0..<count).map { LineWord(text: line.bytes(of: $0), tokens: $0..<($0 + 1)) } }
        let text = (0..<count).flatMap { line.source(of: $0) }
        var words = Self.wordRanges(of: text).map { LineWord(text: text[$0], tokens: 0..<0) }
        var (start, next) = (0, 0)
        for token in 0..<count {
            let end = start + line.source(of: token).count
            while next < words.count, words[next].text.endIndex <= start { next += 1 }
            if let word = wordOfToken(start..<end, before: next, words) {
                let first = words[word].tokens.isEmpty ? token : words[word].tokens.lowerBound
                words[word].tokens = first..<(token + 1)
            }
            start = end
        }
        return words
    }

    /// The word of the token at `range`; nil for none.
    ///
    /// - Parameter next: the first word that ends after the beginning of the token.
    private func wordOfToken(_ range: Range<Int>, before next: Int, _ words: [LineWord]) -> Int? {
        if next < words.count, joinsBlanks || words[next].text.startIndex < max(range.upperBound, range.lowerBound + 1) {
            return next
        }
        return joinsBlanks || words.isEmpty ? nil : max(next - 1, 0)
    }

    private static func wordRanges(of text: [UInt8]) -> [Range<Int>] {
        text.withUnsafeBytes { bytes in
            var ranges: [Range<Int>] = []
            var (start, position) = (0, 0)
            while position < bytes.count {
                let width = bytes.whitespaceWidth(at: position)
                if width > 0, start < position { ranges.append(start..<position) }
                position += max(width, 1)
                if width > 0 { start = position }
            }
            if start < position { ranges.append(start..<position) }
            return ranges
        }
    }
}
