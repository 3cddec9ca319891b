import TextData
import Testing

@Suite struct TokenisingTests {
    @Test(
        "Words are separated by whitespace, with <eos> after every line",
        arguments: [
            ("a b\nc\n", ["a", "b", "<eos>", "c", "<eos>"]),
            ("a b\nc", ["a", "b", "<eos>", "c", "<eos>"]),
            ("a\n\n\nb\n", ["a", "<eos>", "<eos>", "<eos>", "b", "<eos>"]),
            ("\n", ["<eos>"]),
            ("\n \n\t", ["<eos>", "<eos>", "<eos>"]),
            ("  a \t b  \n", ["a", "b", "<eos>"]),
            ("a\r\nb\r\n", ["a", "<eos>", "b", "<eos>"]),
            ("a\rb\u{0B}c\u{0C}d\n", ["a", "b", "c", "d", "<eos>"]),
            ("\u{FEFF}a\n", ["a", "<eos>"]),
            ("a\u{FEFF}\n", ["a\u{FEFF}", "<eos>"]),
            ("a <eos> b\n", ["a", "<eos>", "b", "<eos>"]),
            ("\u{1C}\u{0}x\n", ["\u{1C}\u{0}x", "<eos>"]),
        ])
    func words(text: String, expected: [String]) throws {
        #expect(try symbols(text, .word) == expected)
    }

    @Test("Exactly the scalars with the property White_Space separate words")
    func whitespace() throws {
        for value in UInt32(0)...0x3100 {
            guard let scalar = Unicode.Scalar(value), scalar != "\n" else { continue }
            let expected = scalar.properties.isWhitespace ? ["é", "b", "<eos>"] : ["é\(scalar)b", "<eos>"]
            #expect(try symbols("é\(scalar)b", .word).map { Array($0.utf8) } == expected.map { Array($0.utf8) })
        }
    }

    @Test("Characters are scalars, with CR LF as LF and without a byte-order mark")
    func characters() throws {
        #expect(try symbols("\u{FEFF}aé\r\n😀\n\rb", .char) == ["a", "é", "\n", "😀", "\n", "\r", "b"])
        #expect(try symbols("e\u{301}é", .char).map { Array($0.utf8) } == ["e", "\u{301}", "é"].map { Array($0.utf8) })
        #expect(try symbols("a\u{FEFF}\r", .char).map { Array($0.utf8) } == ["a", "\u{FEFF}", "\r"].map { Array($0.utf8) })
    }

    @Test("Bytes are encoded unchanged")
    func bytes() throws {
        let bytes: [UInt8] = [0xEF, 0xBB, 0xBF, 0x0D, 0x0A, 0xFF, 0x00, 0x80]
        let source = try TextSource(name: "t", bytes: bytes, unit: .byte)
        let vocabulary = try Vocabulary(counting: source)
        #expect(try tokens(source, vocabulary) == bytes.map(Int32.init))
        #expect(vocabulary.size == 256)
        #expect(vocabulary.unknownID == nil && vocabulary.endOfLineID == nil)
        #expect(vocabulary.bytes(of: 0xFF) == [0xFF])
    }

    @Test(
        "A text whose last piece is partial has all its tokens",
        arguments: [65_535, 65_536, 65_537, 200_000])
    func pieces(count: Int) throws {
        var random = SeededGenerator(seed: 2)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let source = try TextSource(name: "t", bytes: bytes, unit: .byte)
        #expect(try tokens(source, Vocabulary(counting: source)) == bytes.map(Int32.init))
    }

    /// Lines of words from a small alphabet, with words and characters of all lengths in UTF-8.
    static func text(_ random: inout SeededGenerator, lines: Int) -> String {
        let letters = ["a", "b", "é", "e\u{301}", "€", "😀", "<", "\u{0}", "ß", "字"]
        return (0..<lines).map { _ in
            (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (0..<Int.random(in: 1...4, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }.joined()
            }.joined(separator: " ")
        }.joined(separator: "\n")
    }

    @Test("decode(encode(x)) == x for every unit", arguments: 0..<40)
    func roundTrip(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let training = Self.text(&random, lines: 20) + "\nab"
        for unit in plainUnits {
            let vocabulary = try vocabulary(training, unit)
            #expect(Array(vocabulary.decode(try vocabulary.encode(training)).utf8) == Array(training.utf8))
            let whole = vocabulary.decode(try tokens(source(training, unit), vocabulary))
            #expect(Array(whole.utf8) == Array((training + (unit == .word ? "\n" : "")).utf8))
        }
    }

    @Test("Words are those of a naive split", arguments: 0..<20)
    func againstSplit(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(100 + seed))
        let text = Self.text(&random, lines: 50)
        let expected = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
            $0.split(separator: " ").map { Array($0.utf8) } + [Array("<eos>".utf8)]
        }
        // No line follows a final line feed.
        let naive = text.hasSuffix("\n") ? expected.dropLast() : expected[...]
        #expect(try symbols(text, .word).map { Array($0.utf8) } == Array(naive))
    }

    @Test("A prompt's last line gets no <eos>, and its unknown words become <unk>")
    func prompt() throws {
        let vocabulary = try vocabulary("a b\na\n", .word)
        let (a, b) = (vocabulary.id(of: "a"), vocabulary.id(of: "b"))
        #expect(try vocabulary.encode("b a") == [b, a])
        #expect(try vocabulary.encode("b\r\na") == [b, vocabulary.endOfLineID, a])
        #expect(try vocabulary.encode("b never") == [b, vocabulary.unknownID])
        #expect(try vocabulary.encode("") == [])
        #expect(vocabulary.decode([]).isEmpty)
    }

    @Test("Decoded words are separated by blanks, and <eos> is a line feed")
    func decoding() throws {
        let vocabulary = try vocabulary("a b\na\n", .word)
        #expect(vocabulary.decode(try vocabulary.encode("a b\n\na never\n")) == "a b\n\na <unk>\n")
    }

    @Test("Invalid UTF-8 is repaired in decoded text only")
    func repairedBytes() throws {
        let vocabulary = try vocabulary("x", .byte)
        #expect(vocabulary.decode([0x61, 0xFF, 0xC3, 0xA9]) == "a\u{FFFD}é")
    }

    @Test("An unknown character is an error with its offset, which includes a byte-order mark and CR LF")
    func unknownCharacter() throws {
        let vocabulary = try vocabulary("ab\n", .char)
        #expect(
            textDataError { _ = try tokens(source("\u{FEFF}a\r\nb€a", .char), vocabulary) }
                == .unknownCharacter(source: "test.txt", byteOffset: 7, scalar: "€"))
        let prompt = textDataError { _ = try vocabulary.encode("a?") }
        #expect(prompt == .unknownCharacter(source: "the prompt", byteOffset: 1, scalar: "?"))
        #expect(prompt?.exitStatus == .badData)
    }

    @Test("An unknown character becomes <unk> if the vocabulary has it")
    func unknownCharacterCut() throws {
        let vocabulary = try vocabulary("aaabbc", .char, minimumCount: 2)
        #expect(symbols(of: vocabulary) == ["a", "b", "<unk>"])
        #expect(try vocabulary.encode("ac€b") == [0, 2, 2, 1])
    }
}
