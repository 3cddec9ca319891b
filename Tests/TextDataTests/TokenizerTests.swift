import TextData
import Testing

@Suite("Tokenizers of integers and of regular expressions")
struct TokenizerTests {
    private static let smiles = #"\[[^\]]*\]|%\d{2}|Br|Cl|."#

    private static func matches(_ text: String, pattern: String, size: Int? = nil) throws -> Vocabulary {
        try Vocabulary(
            counting: source(text, .regex), tokenizer: Tokenizer(pattern: pattern), limits: VocabularyLimits(size: size))
    }

    @Test("SMILES are divided at the first alternative that matches, and become the same text again")
    func smiles() throws {
        let text = "C[NH4+]Cl\r\nCCBr%12C\n\nc1"
        let vocabulary = try Self.matches(text, pattern: Self.smiles)
        let numbers = try tokens(source(text, .regex), vocabulary)
        #expect(
            numbers.map { vocabulary.symbol(of: $0) }
                == ["C", "[NH4+]", "Cl", "\n", "C", "C", "Br", "%12", "C", "\n", "\n", "c", "1"])
        #expect(vocabulary.decode(numbers) == text.replacing("\r\n", with: "\n"))
        #expect(vocabulary.lineEndID == vocabulary.id(of: "\n") && vocabulary.endOfLineID == nil)
        #expect(try vocabulary.encode("CF").last == vocabulary.unknownID, "there is always <unk>")
        let small = try Self.matches(text, pattern: Self.smiles, size: 4)
        #expect(symbols(of: small).sorted() == ["\n", "<unk>", "C", "[NH4+]"], "\(symbols(of: small))")
    }

    @Test("A match does not depend on how characters combine")
    func scalars() throws {
        let vocabulary = try Self.matches("e\u{301}e\n", pattern: #"e|\u{301}"#)
        #expect(symbols(of: vocabulary).first == "e" && vocabulary.counts.first == 2)
    }

    @Test("A dot matches every character of a line, also those that Unicode calls line ends")
    func dot() throws {
        let vocabulary = try Self.matches("a\u{B}\u{C}\u{85}\u{2028}\r.\n", pattern: "a|.")
        #expect(Set(symbols(of: vocabulary)).isSuperset(of: ["\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\r", "."]))
    }

    @Test(
        "Classes of word characters and digits are those of Unicode, whatever follows",
        arguments: [
            (#"\w+|."#, "1990|–|1984|”|60|’|s_名"), (#"[\w]{2,}|[^\W]|[\W]"#, "1990|–|1984|”|60|’|s_名"),
            (#"\W|[[:word:]-]+"#, "1990|–|1984|”|60|’|s_名"), (#"\W|\w"#, "٣|é|½|-"), (#"\w+|\W+"#, "a‿b|½-|e\u{301}"),
            (#"\d+|\D"#, "12|½|٣|Ⅷ|–|3|日"), (#"[^\d]+|\d"#, "½Ⅷ–|3|日"), (#"\\w|\Q\w\E|."#, "\\w|w|\\w"),
            (#"[[:^word:]]+|\w+"#, "a1|–|b_|’"), (#"\p{word}+|\P{Word}"#, "a1|–|b‿c|’"),
            (#"[[:alnum:]]+|[[:^alnum:]]+"#, "a1٣名|½²①–_|b"), (#"\p{alnum}+|\P{alnum}+"#, "a1٣名|½²①–_|b"),
            (#"[[:print:]]+|[[:^print:]]+"#, "a ½–😀|\u{378}\t|b"), (#"\w+|."#, "می\u{200C}خواهم|–"),
        ])
    func classes(pattern: String, tokens expected: String) throws {
        let text = expected.replacing("|", with: "") + "\n"
        let vocabulary = try Self.matches(text, pattern: pattern)
        let found = try tokens(source(text, .regex), vocabulary).dropLast().map { vocabulary.symbol(of: $0) }
        #expect(found.joined(separator: "|") == expected, "\(pattern)")
    }

    @Test(
        "A pattern sees the whole line: the start of the line is no other place, and a match knows the character before it",
        arguments: [
            ("^aa|a|b| ", "baab aab\naab", "b|a|a|b| |a|a|b|\n|aa|b"),
            (#"\Aaa|a|b| "#, "baab aab\naab", "b|a|a|b| |a|a|b|\n|aa|b"),
            (#"\baa|a|b| "#, "baab aab\naab", "b|a|a|b| |aa|b|\n|aa|b"),
            (#"\Baa|a|b| "#, "baab aab\naab", "b|aa|b| |a|a|b|\n|a|a|b"),
            (
                #"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
                "I've  12 caf\u{E9}s,\tnot a...\u{301} \nb", "I|'ve| | 12| caf\u{E9}s|,|\t|not| a|...\u{301}| |\n|b"
            ),
        ])
    func wholeLine(pattern: String, text: String, matches: String) throws {
        let vocabulary = try Self.matches(text, pattern: pattern)
        let found = try tokens(source(text, .regex), vocabulary).map { vocabulary.symbol(of: $0) }
        #expect(found.joined(separator: "|") == matches, "\(pattern)")
    }

    @Test(
        "A place where nothing matches is an error with its offset in the text, and another one for an empty match",
        arguments: [
            ("[a-c]", 6, false), ("[a-c]*", 6, true), ("[a-c]*|.", 6, true), (#"\b|."#, 0, true), ("(?=c)|.", 5, true),
        ])
    func noMatch(pattern: String, offset: Int, isEmpty: Bool) throws {
        let error = textDataError { _ = try Self.matches("ab\nabc ß\n", pattern: pattern) }
        let scalar: Unicode.Scalar = offset == 0 ? "a" : offset == 5 ? "c" : " "
        #expect(
            error
                == .noMatch(source: "test.txt", byteOffset: offset, scalar: scalar, pattern: pattern, isEmptyMatch: isEmpty))
        let text = error?.description ?? ""
        #expect(text.contains("a token cannot be empty") == isEmpty && text.contains("extend the pattern") != isEmpty, "\(text)")
        #expect(throws: Never.self, "the advice helps") { _ = try Self.matches("ab\nabc ß\n", pattern: #"[a-c]+|.|\b|(?=c)"#) }
    }

    @Test("A pattern that is no regular expression is an error of usage")
    func badPattern() {
        let bad = textDataError { _ = try Tokenizer(pattern: "a(") }
        #expect(
            bad?.exitStatus == .usage && bad?.description.hasPrefix("--token-pattern a( cannot be used: ") == true)
    }

    @Test(
        "Options that the classes of Unicode would not heed are refused with advice, and so is \\G",
        arguments: [
            (#"(?W)\w+|."#, "(?W)"), (#"(?W:\w+)|."#, "(?W)"), (#"(?iD-s)\d|."#, "(?D)"), (#"(?P)[[:alnum:]]|."#, "(?P)"),
            (#"(?#[)(?W)\w+|."#, "(?W)"),
            (#"(?i)(k)\1|."#, #"such as \1,"#), (#"(?i:(?<a>k))\k<a>|."#, #"such as \1,"#),
            (#"\Ga|."#, #"\G"#),
        ])
    func refusedOptions(pattern: String, part: String) {
        let error = textDataError { _ = try Tokenizer(pattern: pattern) }
        #expect(
            error?.exitStatus == .usage && error?.description.contains(" is not supported") == true
                && error?.description.contains(part) == true,
            "\(String(describing: error))")
    }

    @Test(
        "A possessive quantifier gives nothing back, of a character, an escape, a class or a group",
        arguments: [
            (#"(a)?+ax|."#, "a|x"), (#"(?:a|b)?+ax|."#, "a|x"), (#"(?:a|b){0,1}+ax|."#, "a|x"), (#"(?:ab|a)?+bx|."#, "a|bx"),
            (#"(?:a*?[ab])*+bx|."#, "a|b|x"), (#"a\w?+bb|."#, "a|b|b"), (#"\d{1,2}+2|."#, "1|2"), (#"(?:.|bc)*+\w|."#, "a|b|c"),
            (#"\p{N}{1,2}+\p{N}|."#, "4|5"), (#"[^a[b]]?+c|."#, "a|cc"), (#"a++b|a{2}+|."#, "aab|aa|a"),
            (#"\x61?+ax|\(++|."#, "a|x|(("),
            (#"[\]+*]++|(?:x+?)+|."#, "a|+*|xx"), (#"(?:[^a]?+b|(?:a|ab)++c|c)+|."#, "xbc|a|b"), (#"\p{Any}"#, "e|🇩|🇪"),
        ])
    func possessive(pattern: String, tokens expected: String) throws { try classes(pattern: pattern, tokens: expected) }

    @Test(
        "Text that only looks like a refused option is accepted",
        arguments: [#"(?P<x>a)|."#, "[(?W)]|.", #"\(?W\)|."#, #"(?-W)\w|."#])
    func acceptedOptions(pattern: String) {
        #expect(throws: Never.self) { _ = try Tokenizer(pattern: pattern) }
    }

    @Test("An error of a pattern is about the pattern as written")
    func errorOfPattern() throws {
        let pattern = #"[+-\w]+|."#
        let error = textDataError { _ = try Tokenizer(pattern: pattern) }
        #expect(throws: (any Error).self) { _ = try Regex(pattern) }
        #expect(error?.description.contains("subtraction") == false, "\(String(describing: error))")
    }

    @Test("Counting and encoding take the tokens of a long line one by one, and report progress within it")
    func longLine() throws {
        let text = String(repeating: "ab ", count: 10_000)
        let counts = SymbolCounts(try Tokenizer(pattern: #"^ab|\w+(?= )|."#))
        var reports = 0
        counts.reportProgress = { reports += 1 }
        _ = try OpenedText(name: "t", bytes: Array(text.utf8), unit: .regex, blockByteCount: 1 << 20).examine(
            blocks: 0..<1, counting: counts)
        #expect(counts.tokenCount == 20_000 && reports == 4)
    }

    @Test("The matches of random patterns are those of a search in the whole line")
    func randomPatterns() throws {
        let parts = [
            "a", "b", ".", "^", "$", #"\b"#, #"\B"#, #"\A"#, #"\z"#, "(?=b)", "(?!a)", #"\s"#, "(a)?", #"\1"#, "|", "[^a]",
            "(?<=a)", "(?m)",
        ]
        var state: UInt64 = 1
        func pick(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for _ in 0..<500 {
            let pattern = (0...pick(5)).map { _ in parts[pick(parts.count)] }.joined() + "|."
            guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar).dotMatchesNewlines() else { continue }
            let line = (0..<8).map { _ in ["a", "b", " ", "e\u{301}"][pick(4)] }.joined()
            var (expected, end): ([String], String.Index?) = ([], line.startIndex)
            for range in line.ranges(of: regex) {
                guard range.lowerBound == end, !range.isEmpty else { break }
                expected.append(String(line.unicodeScalars[range]))
                end = range.upperBound
            }
            guard end == line.endIndex else { continue }
            let vocabulary = try Self.matches(line, pattern: pattern)
            #expect(
                try tokens(source(line, .regex), vocabulary).map { vocabulary.symbol(of: $0) } == expected, "\(pattern) \(line)")
        }
    }

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

    @Test("The blocks of a text give its tokens, whatever their size")
    func blocks() throws {
        let text = (0..<50).map { "C[N\($0 % 3)+]Br%1\($0 % 7)\n" }.joined() + "CCC"
        let vocabulary = try Self.matches(text, pattern: Self.smiles)
        let whole = try tokens(source(text, .regex), vocabulary)
        for size in [1, 2, 7, 64, 1000] {
            let opened = OpenedText(name: "t", bytes: Array(text.utf8), unit: .regex, blockByteCount: size)
            let sum = SymbolCounts(vocabulary.tokenizer)
            var found: [Int32] = []
            for block in 0..<opened.blockCount {
                let counts = SymbolCounts(vocabulary.tokenizer)
                _ = try opened.examine(blocks: block..<block + 1, counting: counts)
                sum.add(records: counts.records())
                try vocabulary.encode(opened, blocks: block..<block + 1) { found.append(contentsOf: $0) }
            }
            #expect(found == whole, "blocks of \(size)")
            #expect(try sum.vocabulary(VocabularyLimits(), source: "t") == vocabulary)
        }
    }

    @Test("A vocabulary keeps its pattern in JSON and in messages, and another pattern is another vocabulary")
    func pattern() throws {
        let vocabulary = try Self.matches("ab\n", pattern: "a|b")
        #expect(try Vocabulary(jsonText: vocabulary.jsonText(), source: "x") == vocabulary)
        #expect(Vocabulary(tokenizer: vocabulary.tokenizer, records: vocabulary.records()) == vocabulary)
        #expect(try Self.matches("ab\n", pattern: "b|a").digest != vocabulary.digest)
        let without = vocabulary.jsonText().replacing("\"pattern\":\"a|b\",", with: "")
        #expect(textDataError { _ = try Vocabulary(jsonText: without, source: "x") }?.exitStatus == .badData)
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
