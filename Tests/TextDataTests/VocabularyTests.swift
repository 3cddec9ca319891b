import Foundation
import TestSupport
import TextData
import Testing

@Suite struct VocabularyTests {
    @Test("Symbols are sorted by descending count, ties by first occurrence")
    func order() throws {
        #expect(symbols(of: try vocabulary("z y\nx y w\n", .word)) == ["y", "<eos>", "z", "x", "w", "<unk>"])
        #expect(try vocabulary("z y\nx y w\n", .word).counts == [2, 2, 1, 1, 1, 0])
        #expect(symbols(of: try vocabulary("dcbabd", .char)) == ["d", "b", "c", "a"])
    }

    @Test("<unk> and <eos> as words of the text are the special symbols")
    func literalSpecials() throws {
        let vocabulary = try vocabulary("<unk> a <unk> <eos>\n<unk>\n", .word)
        #expect(symbols(of: vocabulary) == ["<unk>", "<eos>", "a"])
        #expect(vocabulary.counts == [3, 3, 1])
        #expect(vocabulary.unknownID == 0 && vocabulary.endOfLineID == 1)
    }

    @Test("The size includes <eos> and <unk>, and <unk> has the count of the removed words")
    func size() throws {
        let text = "a a a b b c c d\n"
        #expect(symbols(of: try vocabulary(text, .word, size: 6)) == ["a", "b", "c", "d", "<eos>", "<unk>"])
        let cut = try vocabulary(text, .word, size: 4)
        #expect(symbols(of: cut) == ["a", "<unk>", "b", "<eos>"])
        #expect(cut.size == 4 && cut.id(of: "c") == nil && cut.id(of: "b") != nil)
        #expect(cut.unknownID.map { cut.counts[Int($0)] } == 3)
        #expect(cut.counts.reduce(0, +) == 9)
        #expect(try tokens(source("c b\n", .word), cut) == [cut.unknownID, cut.id(of: "b"), cut.endOfLineID])
    }

    @Test("Symbols below the minimum count are removed, except <eos>")
    func minimumCount() throws {
        let vocabulary = try vocabulary("a a a b b c\n", .word, minimumCount: 3)
        #expect(symbols(of: vocabulary) == ["a", "<unk>", "<eos>"])
        #expect(vocabulary.counts == [3, 3, 1])
    }

    @Test("Characters have <unk> only if any was removed, and the size includes it")
    func characterLimits() throws {
        #expect(symbols(of: try vocabulary("aaabbc", .char, size: 3)) == ["a", "b", "c"])
        #expect(try vocabulary("aaabbc", .char, size: 3).unknownID == nil)
        #expect(symbols(of: try vocabulary("aaabbcd", .char, size: 3)) == ["a", "b", "<unk>"])
        #expect(symbols(of: try vocabulary("aaabbcd", .char, size: 2)) == ["<unk>", "a"])
        #expect(try vocabulary("aaabbcd", .char, size: 2).counts.sorted() == [3, 4])
        #expect(try vocabulary("aaabbcd", .char, size: 3, minimumCount: 2).size == 3)
    }

    @Test("Limits on characters keep the line feed, and change nothing if they would keep it anyway")
    func lineFeedLimits() throws {
        #expect(symbols(of: try vocabulary("aaabbc\n", .char, size: 3)) == ["a", "<unk>", "\n"])
        #expect(try vocabulary("aaabbc\n", .char, size: 3).counts == [3, 3, 1])
        #expect(symbols(of: try vocabulary("aaabb\nc", .char, minimumCount: 2)) == ["a", "b", "\n", "<unk>"])
        #expect(symbols(of: try vocabulary("aabb\n", .char, minimumCount: 2)) == ["a", "b", "\n"])
        #expect(symbols(of: try vocabulary("a\nb\nac\na", .char, size: 3)) == ["a", "\n", "<unk>"])
        #expect(symbols(of: try vocabulary("aaab\nc", .char, size: 4)) == ["a", "b", "\n", "c"])
        #expect(try vocabulary("abc", .char, size: 3).lineEndID == nil)
    }

    @Test("Limits do not depend on the order of the symbols", arguments: 0..<20)
    func limitsHold(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = TokenisingTests.text(&random, lines: 200)
        for unit in [TokenUnit.word, .char] {
            let all = try vocabulary(text, unit)
            for size in [3, 5, 17, all.size - 1, all.size, all.size + 1] where size >= 3 {
                let cut = try vocabulary(text, unit, size: size)
                #expect(cut.size == min(size, all.size))
                #expect(cut.counts.reduce(0, +) == all.counts.reduce(0, +))
                #expect(cut.counts == cut.counts.sorted(by: >))
            }
        }
    }

    @Test("Canonically equivalent words are different symbols")
    func normalForms() throws {
        let vocabulary = try vocabulary("e\u{301} é é\n", .word)
        #expect(vocabulary.size == 4)
        #expect(vocabulary.id(of: "é") != vocabulary.id(of: "e\u{301}"))
    }

    @Test("Tens of thousands of words keep their counts and numbers while the table grows")
    func manyWords() throws {
        let words = (0..<50_000).map { "w\($0 &* 7919 % 50_000)" }
        let text = words.joined(separator: " ") + "\n" + words.prefix(100).joined(separator: " ")
        let vocabulary = try vocabulary(text, .word)
        #expect(vocabulary.size == 50_002)
        let repeated = try vocabulary.encode(words.prefix(100).joined(separator: " "))
        #expect(repeated == (0..<100).map { Int32($0) })
        #expect(vocabulary.decode(try vocabulary.encode(text)) == text)
    }

    @Test("A text with fewer than two symbols is refused")
    func tooSmall() throws {
        #expect(
            textDataError { _ = try vocabulary("aaaa", .char) }
                == .vocabularyTooSmall(source: "test.txt", unit: .char, size: 1))
        #expect(
            textDataError { _ = try vocabulary("abc", .char, minimumCount: 2) }
                == .vocabularyTooSmall(source: "test.txt", unit: .char, size: 1))
        #expect(textDataError { _ = try vocabulary("\u{FEFF}", .char) }?.exitStatus == .badData)
        #expect(try vocabulary("a", .byte).size == 256)
        #expect(try vocabulary("\n", .word).size == 2)
    }

    @Test(
        "Limits that no vocabulary can satisfy are a usage error",
        arguments: [
            (TokenUnit.word, 2 as Int?, 1), (.char, 1, 1), (.byte, 100, 1), (.byte, nil, 2), (.word, nil, 0), (.char, -1, 1),
        ])
    func badLimits(unit: TokenUnit, size: Int?, minimumCount: Int) {
        let error = textDataError { _ = try vocabulary("a b c\n", unit, size: size, minimumCount: minimumCount) }
        #expect(error?.exitStatus == .usage)
    }

    @Test("The digest depends on unit, symbols and their order, and not on counts")
    func digests() throws {
        let base = try vocabulary("ab", .char)
        #expect(try vocabulary("aabb", .char).digest == base.digest)
        #expect(try vocabulary("aabb", .char) != base)
        #expect(try vocabulary("ba", .char).digest != base.digest)
        #expect(try vocabulary("ac", .char).digest != base.digest)
        #expect(try vocabulary("ab c\n", .word).digest != vocabulary("a bc\n", .word).digest)
    }
}

@Suite struct VocabularyFileTests {
    @Test("A vocabulary that is read from its JSON is equal", arguments: plainUnits)
    func json(unit: TokenUnit) throws {
        let text = "a é e\u{301} \"q\\\" / \u{1}\u{0} 😀 \u{FFFE} <unk>\nb\n"
        for minimumCount in unit == .byte ? [1] : [1, 2] {
            let vocabulary = try vocabulary(text, unit, minimumCount: minimumCount)
            let again = try Vocabulary(jsonText: vocabulary.jsonText(), source: "x")
            #expect(again == vocabulary)
            #expect(again.unknownID == vocabulary.unknownID && again.endOfLineID == vocabulary.endOfLineID)
            #expect(try again.encode("b a") == vocabulary.encode("b a"))
        }
    }

    @Test("The JSON contains the symbols in order with their counts")
    func jsonText() throws {
        #expect(
            try vocabulary("b a b\n", .word).jsonText()
                == #"{"counts":[2,1,1,0],"symbols":["b","a","<eos>","<unk>"],"unit":"word"}"#)
        #expect(try vocabulary("\u{1}", .byte).jsonText().contains(#""symbols":["00","01","#))
    }

    @Test("A file is written completely and read back, without temporary files")
    func file() throws {
        let folder = try ScratchFolder()
        let vocabulary = try vocabulary("b a b\n", .word)
        try vocabulary.write(path: folder.file("vocabulary.json"))
        try vocabulary.write(path: folder.file("vocabulary.json"))
        #expect(try Vocabulary(path: folder.file("vocabulary.json")) == vocabulary)
        #expect(try folder.names() == ["vocabulary.json"])
    }

    @Test(
        "Text that is not a vocabulary is refused with the reason",
        arguments: [
            ("", ""), ("{", ""), ("[]", "type"), ("{}", "unit"), (#"{"unit":"word","symbols":["a"]}"#, "counts"),
            (#"{"unit":"verse","symbols":["a","b"],"counts":[1,1]}"#, "verse"),
            (#"{"unit":"word","symbols":["a","<eos>"],"counts":[1,1]}"#, "<unk> is missing"),
            (#"{"unit":"word","symbols":["<unk>","<eos>"],"counts":[1]}"#, "2 symbols with 1 count"),
            (#"{"unit":"word","symbols":["<unk>","<eos>","a","a"],"counts":[1,1,1,1]}"#, "duplicate"),
            (#"{"unit":"char","symbols":["a","bc"],"counts":[1,1]}"#, "single character"),
            (#"{"unit":"char","symbols":["a",""],"counts":[1,1]}"#, "empty"),
            (#"{"unit":"char","symbols":["a","b"],"counts":[1,-1]}"#, "-1"),
            (#"{"unit":"char","symbols":["a"],"counts":[1]}"#, "2 or more are needed"),
            (#"{"unit":"byte","symbols":["00","01"],"counts":[1,1]}"#, "bytes"),
            (#"{"unit":"char","symbols":["a","b"],"counts":["1",1]}"#, "type"),
        ])
    func badJSON(text: String, reason: String) {
        let error = textDataError { _ = try Vocabulary(jsonText: text, source: "v.json") }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.hasPrefix("v.json: ") == true)
        #expect(reason.isEmpty || error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
