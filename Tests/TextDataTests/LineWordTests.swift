import Testing

import TextData

@Suite("Words of a line")
struct LineWordTests {
    /// The words with the tokens of each, and the number of tokens of the line.
    private static func words(
        _ tokens: [String], isEnded: Bool = true, isSpaced: Bool = false, joinsBlanks: Bool = false
    ) -> [String: Range<Int>] {
        words(tokens.map { Array($0.utf8) }, isEnded: isEnded, isSpaced: isSpaced, joinsBlanks: joinsBlanks)
    }

    private static func words(
        _ tokens: [[UInt8]], isEnded: Bool, isSpaced: Bool, joinsBlanks: Bool
    ) -> [String: Range<Int>] {
        var line = EncodedLine()
        for (number, token) in tokens.enumerated() {
            token.withUnsafeBufferPointer { line.append(0, $0, endsLine: isEnded && number == tokens.count - 1) }
        }
        let words = WordDivision(isSpaced: isSpaced, joinsBlanks: joinsBlanks).words(of: line)
        return Dictionary(uniqueKeysWithValues: words.map { (String(decoding: $0.text, as: UTF8.self), $0.tokens) })
    }

    @Test(
        "The white space and the line end after a word of characters belong to it, and those before the first word to the first word"
    )
    func characters() {
        #expect(Self.words([" ", "i", "t", " ", " ", "i", "s", "\n"]) == ["it": 0..<5, "is": 5..<8])
        #expect(Self.words(["a", " ", "b"], isEnded: false) == ["a": 0..<2, "b": 2..<3])
        #expect(Self.words([" ", "\n"]) == [:])
    }

    @Test("White space of several bytes ends a word of bytes, and a damaged character does not")
    func bytes() {
        let tokens = "a\u{A0}ß\u{3000}".utf8.map { [$0] } + [[0xE2], [0x80]]
        let words = Self.words(tokens, isEnded: false, isSpaced: false, joinsBlanks: false)
        #expect(words == ["a": 0..<3, "ß": 3..<8, "\u{FFFD}": 8..<10])
    }

    @Test("The white space before a word of pieces belongs to it; the line end belongs to no word")
    func pieces() {
        #expect(
            Self.words(["the", " ", "c", "at", " sat", " ", "</s>"], joinsBlanks: true) == [
                "the": 0..<1, "cat": 1..<4, "sat": 4..<5,
            ])
    }

    @Test("The mark of a blank in pieces is another character in the matches of a regular expression")
    func mark() {
        #expect(
            Self.words(["ed", " c", "\u{2581} ", "ran", "\n"], joinsBlanks: true) == [
                "ed": 0..<1, "c\u{2581}": 1..<3, "ran": 3..<4,
            ])
    }

    @Test("A piece without a part of the text belongs to the word of the next one")
    func emptyPieces() {
        #expect(Self.words(["a", " ", "", "", "ß", "</s>"], joinsBlanks: true) == ["a": 0..<1, "ß": 1..<5])
    }

    @Test(
        "A skipped character belongs to its word, also if the word has no other, and skipped white space or a line end to the word before it"
    )
    func skipped() {
        var line = EncodedLine()
        func append(_ text: String) {
            for character in text {
                Array(String(character).utf8).withUnsafeBufferPointer { line.append(0, $0, endsLine: character == "\n") }
            }
        }
        append("we ")
        line.appendGap(Array("#".utf8), isUnknown: true)
        append(" the")
        line.appendGap(Array("#".utf8), isUnknown: true)
        append("n")
        line.appendGap(Array("\t".utf8), isUnknown: true)
        append("x")
        line.appendGap(Array("\n".utf8), isUnknown: true)
        let words = WordDivision(isSpaced: false, joinsBlanks: false).words(of: line)
        #expect(words.map { String(decoding: $0.text, as: UTF8.self) } == ["we", "#", "the#n", "x"])
        #expect(words.map(\.tokens.count) == [3, 1, 4, 1] && words.map(\.skippedCount) == [0, 1, 2, 1])
    }

    @Test("The time for a line grows in proportion to its skipped characters")
    func manySkipped() {
        var line = EncodedLine()
        let count = 40_000
        for _ in 0..<count {
            line.appendGap(Array("#".utf8), isUnknown: true)
            for byte in "a ".utf8 { [byte].withUnsafeBufferPointer { line.append(0, $0, endsLine: false) } }
        }
        var words: [LineWord] = []
        let time = ContinuousClock().measure { words = WordDivision(isSpaced: false, joinsBlanks: false).words(of: line) }
        #expect(words.count == count && words.allSatisfy { $0.skippedCount == 1 && $0.tokens.count == 2 })
        #expect(time < .seconds(10), "\(time)")
    }

    @Test(
        "A piece after a blank belongs to the word that it begins, although a normalisation removed characters or words before it"
    )
    func removed() {
        func words(_ pieces: [(piece: String, source: String)], rest: String = "") -> [[String: Int]] {
            var line = EncodedLine()
            for (piece, source) in pieces {
                Array(piece.utf8).withUnsafeBufferPointer { bytes in
                    Array(source.utf8).withUnsafeBytes { line.append(0, bytes, source: $0, endsLine: false) }
                }
            }
            line.appendGap(Array(rest.utf8), isUnknown: false)
            Array("</s>".utf8).withUnsafeBufferPointer { line.append(0, $0, endsLine: true) }
            return WordDivision(isSpaced: false, joinsBlanks: true, marksBlanks: true).words(of: line).map {
                [String(decoding: $0.text, as: UTF8.self): $0.tokens.count]
            }
        }
        #expect(words([("\u{2581}k", "k"), ("\u{2581}we", "\u{200B} we")]) == [["k\u{200B}": 1], ["we": 1]])
        #expect(
            words([("\u{2581}speak", "speak"), ("\u{2581}before", " \u{FEFF} before")]) == [
                ["speak": 1], ["\u{FEFF}": 0], ["before": 1],
            ])
        #expect(words([("\u{2581}end", "end")], rest: " \u{200B}") == [["end": 1], ["\u{200B}": 0]])
        #expect(words([], rest: "\u{200B}") == [["\u{200B}": 0]])
        #expect(
            words([("\u{2581}", ""), ("d", "d"), ("\u{2581}", " \u{200B} "), ("e", "e"), ("\u{2581}", " ")]) == [
                ["d": 2], ["\u{200B}": 0], ["e": 2],
            ], "pieces that are blanks alone")
        #expect(
            words([("\u{2581}don", "don"), ("\u{2581}", "\u{B4}"), ("\u{301}", ""), ("t", "t"), ("\u{2581}know", " know")]) == [
                ["don\u{B4}t": 4], ["know": 1],
            ], "a character that the normalisation makes a blank and a mark")
        #expect(
            words([
                ("\u{2581}", "\u{200B}"), ("q", "q"), ("\u{2581}", " \u{19}"), ("q", "q"), ("\u{2581}a", " a"),
                ("\u{2581}", "\u{200B}"),
                ("b", "b"),
            ]) == [["\u{200B}q": 2], ["\u{19}q": 2], ["a\u{200B}b": 3]],
            "removed characters at the beginning of a word and within it")
        #expect(words([("\u{2581}of\u{2581}the", "of the"), ("n", "n")]) == [["of": 1], ["then": 1]])
    }

    @Test("A token with the beginning of two words belongs to the first one, and the second word has no token")
    func longToken() {
        #expect(Self.words(["of", " the cat", "s", "</s>"], joinsBlanks: true) == ["of": 0..<1, "the": 1..<2, "cats": 2..<3])
        #expect(Self.words(["of the", " ", "x", "\n"]) == ["of": 0..<2, "the": 0..<0, "x": 2..<4])
        #expect(Self.words(["New York", "\n"]) == ["New": 0..<2, "York": 0..<0])
    }

    @Test("Each word of a text of words is a token; the line end is none")
    func spaced() {
        #expect(Self.words(["the", "cat", "<eos>"], isSpaced: true) == ["the": 0..<1, "cat": 1..<2])
    }
}
