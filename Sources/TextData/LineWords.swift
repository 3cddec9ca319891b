/// The tokens of a word: what lies between white space in a line.
package struct LineWord: Equatable, Sendable {
    /// The bytes of the word, as in the text.
    package let text: ArraySlice<UInt8>
    /// The tokens of the word in its line, from 0. Empty if a token of a word before has its beginning, or if all its characters are skipped or removed by
    /// a normalisation.
    package internal(set) var tokens: Range<Int> = 0..<0
    /// The number of skipped characters, with white space and the line end that belong to the word. Only characters are skipped, no other tokens.
    package internal(set) var skippedCount = 0

    func contains(_ place: Range<Int>) -> Bool { text.startIndex <= place.lowerBound && place.upperBound <= text.endIndex }
}

/// To which word a token belongs.
///
/// A token belongs to the word of its first character that is no white space. White space alone, and the end of a line of characters, belongs to the
/// word before it, or to that of the token that contains the word before it, and at the beginning of a line to the first word; with `joinsBlanks`, it belongs to the word after it, and the line end to no word.
package struct WordDivision: Sendable {
    /// Whether each token but the line end is a word.
    let isSpaced: Bool
    /// Whether the tokenizer joins a blank to the word after it.
    let joinsBlanks: Bool
    /// Whether U+2581 in a token is a blank, as in the pieces of SentencePiece.
    let marksBlanks: Bool
    /// The token of symbols outside the vocabulary; nil if it has none.
    package let unknownID: Int32?

    package init(_ vocabulary: Vocabulary) {
        self.init(
            isSpaced: vocabulary.unit.isSpaced, joinsBlanks: vocabulary.joinsBlanks,
            marksBlanks: vocabulary.unit == .sentencepiece, unknownID: vocabulary.unknownID)
    }

    package init(isSpaced: Bool, joinsBlanks: Bool, marksBlanks: Bool = false, unknownID: Int32? = nil) {
        (self.isSpaced, self.joinsBlanks, self.marksBlanks) = (isSpaced, joinsBlanks, marksBlanks)
        self.unknownID = unknownID
    }

    /// The words of `line` in order, with their tokens.
    package func words(of line: EncodedLine) -> [LineWord] {
        let count = line.tokens.count - (line.isEnded && (isSpaced || joinsBlanks) ? 1 : 0)
        if isSpaced { return (0..<count).map { LineWord(text: line.bytes(of: $0), tokens: $0..<($0 + 1)) } }
        let places = LinePlaces(line, tokens: count)
        var words = places.text.withUnsafeBytes { $0.wordRanges }.map { LineWord(text: places.text[$0]) }
        var (next, last, covered) = (0, 0, 0)
        for (token, range) in places.tokens.enumerated() {
            while next < words.count, words[next].text.endIndex <= range.lowerBound { next += 1 }
            if var word = wordOfToken(range, line.bytes(of: token), from: next, words) {
                // Before this white space is a word that the token before it contains.
                if word < next, words[word].tokens.isEmpty, words[word].text.startIndex < covered { word = last }
                (last, covered) = (word, range.upperBound)
                let first = words[word].tokens.isEmpty ? token : words[word].tokens.lowerBound
                words[word].tokens = first..<(token + 1)
            }
        }
        Self.countSkipped(places.skipped, in: &words)
        return words
    }

    /// Adds the skipped characters at `places`, which ascend, to the words that they belong to, as tokens of characters do.
    private static func countSkipped(_ places: [Int], in words: inout [LineWord]) {
        if words.isEmpty { return }
        var next = 0
        for place in places {
            while next < words.count, words[next].text.endIndex <= place { next += 1 }
            let isWithin = next < words.count && words[next].text.startIndex <= place
            words[isWithin ? next : max(next - 1, 0)].skippedCount += 1
        }
    }

    /// The word of the token at `range`; nil for none.
    ///
    /// - Parameter next: the first word that ends after the beginning of the token.
    private func wordOfToken(_ range: Range<Int>, _ bytes: ArraySlice<UInt8>, from next: Int, _ words: [LineWord]) -> Int? {
        if joinsBlanks {
            // A normalisation may have removed words between the blank and the word that the token begins with.
            let begun = words[next...].indices.prefix { words[$0].text.startIndex < range.upperBound }
                .filter { words[$0].text.startIndex >= range.lowerBound }
            let count = beginnings(of: bytes)
            if count > 0, let word = begun.suffix(count).first { return word }
            // Blanks alone may contain a word that a normalisation has removed, or stand for a character within a word.
            if isBlank(bytes), next < words.count, !words[next].contains(range) {
                return words[next...].firstIndex { $0.text.endIndex > range.upperBound }
            }
            return next < words.count ? next : nil
        }
        if next < words.count, words[next].text.startIndex < range.upperBound { return next }
        return words.isEmpty ? nil : max(next - 1, 0)
    }

    private func isBlank(_ token: ArraySlice<UInt8>) -> Bool {
        String(decoding: token, as: UTF8.self).unicodeScalars.allSatisfy(isBlank)
    }

    private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || marksBlanks && scalar == "\u{2581}"
    }

    /// The number of words that a token begins after blanks of its own; 0 if it does not begin with a blank.
    private func beginnings(of token: ArraySlice<UInt8>) -> Int {
        let blanks = String(decoding: token, as: UTF8.self).unicodeScalars.map(isBlank)
        return blanks.first == true ? zip(blanks, blanks.dropFirst()).count { $0 && !$1 } : 0
    }
}

/// The places of tokens in the text of their line.
private struct LinePlaces {
    private(set) var text: [UInt8] = []
    private(set) var tokens: [Range<Int>] = []
    /// The places of skipped characters.
    private(set) var skipped: [Int] = []

    init(_ line: EncodedLine, tokens count: Int) {
        var gaps = line.gaps[...]
        func appendGaps(to text: inout [UInt8], before token: Int, _ skipped: inout [Int]) {
            while let gap = gaps.first, gap.token <= token {
                if gap.isUnknown { skipped.append(text.count) }
                text += gap.bytes
                gaps.removeFirst()
            }
        }
        for token in 0..<count {
            appendGaps(to: &text, before: token, &skipped)
            let start = text.count
            text += line.source(of: token)
            tokens.append(start..<text.count)
        }
        appendGaps(to: &text, before: .max, &skipped)
    }
}
