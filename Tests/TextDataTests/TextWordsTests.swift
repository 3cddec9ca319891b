import TextData
import Testing

@Suite("Words, lines and byte-order marks of texts")
struct TextWordsTests {
    @Test(
        "The words of a text are its tokens, also words that begin with a mark that Swift joins to the blank before it",
        arguments: [
            "क \u{93E} म", "\u{301}a \u{301}b\u{200D} \u{200D}c", " a\t\u{1F3FB} \u{1F3FF}\u{A0}b ", " ", "e\u{301} x\u{3000}y",
        ])
    func words(text: String) throws {
        let tokens = try symbols(text, .word).filter { $0 != "<eos>" }
        #expect(text.words.map { Array($0.utf8) } == tokens.map { Array($0.utf8) })
        #expect(text[...].words == text.words)
    }

    @Test("Fields are divided at scalars, and may be empty")
    func fields() {
        #expect("क \u{93E} म".words.count == 3 && "".words.isEmpty)
        #expect("a\t\u{301}\t".fields(separatedBy: "\t") == ["a", "\u{301}", ""])
    }

    @Test("U+FEFF is a character in the first of several texts as in the others, but a byte-order mark at the start of a file")
    func byteOrderMark() throws {
        let text = "\u{FEFF}a b\n\u{FEFF}a b\n"
        for unit in [TokenUnit.word, .char] {
            let known = try vocabulary("x \u{FEFF}a b\n", unit)
            var lines: [[Int32]] = []
            let list = try TextSource(name: "list", separatedTexts: Array(text.utf8), unit: unit)
            try known.encodeLines(list) { lines.append($0.tokens) }
            #expect(lines.count == 2 && lines[0] == lines[1], "\(unit): \(lines)")
            lines = []
            try known.encodeLines(source(text, unit)) { lines.append($0.tokens) }
            #expect(lines.count == 2 && lines[0] != lines[1], "\(unit): \(lines)")
        }
    }

    @Test("The sizes of the lines add up to that of the text: only bytes have a byte-order mark")
    func lineSizes() throws {
        for (unit, bytes) in [(TokenUnit.word, 6), (.char, 6), (.byte, 9)] {
            let text = OpenedText(name: "t", bytes: Array("\u{FEFF}ab\ncd\n".utf8), unit: unit)
            let lines = try text.lineExtents()
            #expect(lines.count == 2 && lines.reduce(0) { $0 + $1.bytes } == bytes, "\(unit)")
            #expect(try text.extent().bytes == bytes, "\(unit)")
        }
    }
}
