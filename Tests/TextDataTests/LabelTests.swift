import TestSupport
import Testing
import TextData

@Suite struct LabelTests {
    private func opened(_ text: String, _ unit: TokenUnit = .word) -> OpenedText {
        OpenedText(name: "t.tsv", bytes: Array(text.utf8), unit: unit)
    }

    @Test("Labels are the words before the tab, in the order of their bytes")
    func names() throws {
        let names = try LabelNames(of: opened("pos\ta b\nneg\tc\tpos\r\npos\td\n\u{e4}\te"))
        #expect(names.names == ["neg", "pos", "\u{e4}"])
        #expect(names.number(of: "pos") == 1 && names.number(of: "a") == nil)
        #expect(try LabelNames(of: opened("\u{FEFF}b\tx\na\ty\n")).names == ["a", "b"])
    }

    @Test("A byte-order mark is part of the first label of a text of bytes, and is named")
    func byteOrderMark() throws {
        let marked = opened("\u{FEFF}b\tx\na\ty\n", .byte)
        let expected = TextDataError.badLabel(source: "t.tsv", line: 1, defect: .byteOrderMark)
        #expect(textDataError { _ = try LabelNames(of: marked) } == expected)
        #expect(textDataError { try LabelNames(["a", "b"]).check(marked) } == expected)
        #expect(expected.description.contains("byte-order mark") && expected.description.contains("tail -c +4"))
        #expect(try LabelNames(of: opened("b\tx\n\u{FEFF}a\ty\n", .byte)).names == ["b", "\u{FEFF}a"])
    }

    @Test("Labels that differ only in their Unicode form are different", arguments: [TokenUnit.word, .char, .byte])
    func forms(unit: TokenUnit) throws {
        let text = opened("\u{e9}\ta b\ne\u{301}\tc d\n", unit)
        let names = try LabelNames(of: text)
        #expect(names.count == 2 && names.number(of: "e\u{301}") == 0 && names.number(of: "\u{e9}") == 1)
        #expect(textDataError { try LabelNames(["\u{e9}", "x"]).check(text) } != nil)
    }

    @Test(
        "A line without the form label, tab, text is an error that names the line",
        arguments: [
            ("a\tx\nno tab\n", 2, LabelDefect.noTab), ("a\tx\n\tb\n", 2, .emptyLabel), ("new york\tx\n", 1, .whiteSpace),
            ("a\tx\nb\t \n", 2, .noText), ("a\tx\nb\t\u{A0}\n", 2, .noText), ("a\tx\n\nb\ty\n", 2, .noTab),
        ])
    func defects(text: String, line: Int, defect: LabelDefect) throws {
        let text = opened(text)
        let error = textDataError { _ = try LabelNames(of: text) }
        #expect(error == .badLabel(source: "t.tsv", line: line, defect: defect))
    }

    @Test("One label is too few, and an unknown one is named with those that are known")
    func counts() throws {
        let (one, other) = (opened("a\tx\na\ty\n"), opened("a\tx\nc\ty\n"))
        #expect(textDataError { _ = try LabelNames(of: one) } == .tooFewLabels(source: "t.tsv", names: ["a"]))
        let error = textDataError { try LabelNames(["b", "a"]).check(other) }
        #expect(error == .badLabel(source: "t.tsv", line: 2, defect: .unknown("c", known: ["a", "b"])))
        #expect(error.map { "\($0)" }?.contains("a, b") == true)
    }

    @Test("A line whose characters are all skipped has no text; white space outside ASCII is a text of characters")
    func skippedText() throws {
        let vocabulary = try Vocabulary(counting: TextSource(name: "v", bytes: Array("a\t b\n".utf8), unit: .char))
        let names = LabelNames(["a", "b"])
        try names.check(opened("a\tb\nb\t\u{2603}a\n", .char), skippingOutside: vocabulary)
        for text in ["b\t\u{2603}", "b\t \u{2603}\t\r\n"] {
            let error = textDataError { try names.check(opened("a\tb\n" + text, .char), skippingOutside: vocabulary) }
            #expect(error == .badLabel(source: "t.tsv", line: 2, defect: .skippedText))
        }
        #expect(try LabelNames(of: opened("a\tx\nb\t\u{A0}\n", .char)).count == 2)
        #expect(throws: TextDataError.self) { try UnlabelledLines(of: opened("\u{A0}\n\na\tx\n"), names) }
    }

    /// A text in tokens without a file.
    private func divided(_ string: String, _ unit: TokenUnit) throws -> (lines: LabelledLines, tokens: [Int32], Vocabulary) {
        let text = try TextSource(name: "t.tsv", bytes: Array(string.utf8), unit: unit)
        let vocabulary = try Vocabulary(counting: text)
        let labels = try LabelTokens(LabelNames(of: opened(string, unit)), vocabulary)
        return (
            try labels.lines(of: EncodedText(text, vocabulary), source: "t.tsv"), try tokens(text, vocabulary), vocabulary
        )
    }

    @Test("A tokenised text is divided into labels and texts with their line ends", arguments: [TokenUnit.word, .char, .byte])
    func lines(unit: TokenUnit) throws {
        let (lines, tokens, vocabulary) = try divided("pos\tab c\nneg\tc pos\npos\tab", unit)
        #expect(lines.labels == [1, 0, 1])
        let texts = (0..<3).map { index in
            lines.sequences[index].map { vocabulary.symbol(of: tokens[$0]) }.joined(separator: unit == .word ? " " : "")
        }
        #expect(texts == (unit == .word ? ["ab c <eos>", "c pos <eos>", "ab <eos>"] : ["ab c\n", "c pos\n", "ab"]))
    }

    @Test("A word <eos> in the text would divide a line: it is refused")
    func literalLineEnd() throws {
        #expect(
            textDataError { _ = try divided("neg\tc\npos\tab <eos> c\n", .word) }
                == .badLabel(source: "t.tsv", line: 2, defect: .lineEndWord))
        let known = opened("pos\t<eos>\n")
        #expect(
            textDataError { try LabelNames(["neg", "pos"]).check(known) }
                == .badLabel(source: "t.tsv", line: 1, defect: .lineEndWord))
        #expect(try LabelNames(of: opened("a\tx<eos> <eos>.\nb\t<\n")).names == ["a", "b"])
        #expect(try LabelNames(of: opened("a\tx <eos>\nb\tc\n", .char)).names == ["a", "b"])
    }

    @Test("A label that is the symbol of unknown words is an error with other advice than a label that the vocabulary lacks")
    func unknownSymbol() throws {
        let words = try vocabulary("<unk> <unk>\nab\n", .word)
        let error = textDataError { _ = try LabelTokens(LabelNames(["<unk>", "ab"]), words) }
        #expect(error == .labelOfUnknownWords(name: "<unk>") && error?.description.contains("Rename the label") == true)
        let characters = try vocabulary("<unk>\tab\nab\tc\n", .char)
        #expect(throws: Never.self) { _ = try LabelTokens(LabelNames(["<unk>", "ab"]), characters) }
    }

    @Test("A label that the vocabulary lacks is an error")
    func missing() throws {
        let known = try vocabulary("pos pos\nab\n", .word)
        #expect(textDataError { _ = try LabelTokens(LabelNames(["neg", "pos"]), known) } == .labelOutsideVocabulary(name: "neg"))
    }
}
