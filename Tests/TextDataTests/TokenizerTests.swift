import TextData
import Testing

@Suite("The tokenizer of integers, and sizes of texts")
struct TokenizerTests {
    @Test("Integers are words without another form, and other words are an error with their offset")
    func integers() throws {
        let text = "10 2 10\n\n0 2"
        let vocabulary = try TextDataTests.vocabulary(text, .integers)
        #expect(Set(symbols(of: vocabulary)) == ["10", "2", "0", "<eos>", "<unk>"] && vocabulary.endOfLineID != nil)
        let numbers = try tokens(source(text, .integers), vocabulary)
        #expect(vocabulary.decode(numbers) == text + "\n")
        #expect(try vocabulary.encode("3 2").first == vocabulary.unknownID)
        for (word, offset) in [("07", 5), ("-1", 5), ("x", 5), ("<eos>", 5), ("1.5", 5)] {
            let error = textDataError { _ = try tokens(source("10 2\n\(word) 2", .integers), vocabulary) }
            #expect(error == .notAnInteger(source: "test.txt", byteOffset: offset, word: word))
        }
    }

    @Test("The size of a text is in words, with one for each line end, and in bytes, for any tokens")
    func extents() throws {
        let texts: [(String, words: Int, bytes: Int)] = [
            ("the cat\n", 3, 8), ("the cat", 3, 7), ("\n\n", 2, 2), (" a \u{3000}b\u{A0}\r\nc", 5, 12), ("\u{FEFF}é\n", 2, 3),
            ("a\u{E9}\u{2009}b\u{85}", 3, 9), ("\u{2028}", 1, 3),
        ]
        for (text, words, bytes) in texts {
            for unit in plainUnits {
                let isMarked = unit == .byte && text.hasPrefix("\u{FEFF}")
                let extent = try OpenedText(name: "t", bytes: Array(text.utf8), unit: unit).extent()
                #expect(extent == TextExtent(words: words, bytes: bytes + (isMarked ? 3 : 0)), "\(text.debugDescription) \(unit)")
                if unit == .word { #expect(try tokens(source(text, unit), vocabulary(text + "x y", unit)).count == words) }
            }
        }
        for bytes: [UInt8] in [[0xE2], [0xE2, 0x80], [0xC2], [0xC2, 0x41], [0xFF, 0x20, 0xE3, 0x80]] {
            let extent = try OpenedText(name: "t", bytes: bytes, unit: .byte).extent()
            #expect(extent.words == bytes.split(separator: 0x20).count + 1 && extent.bytes == bytes.count, "\(bytes)")
        }
    }
}
