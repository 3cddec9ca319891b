import Foundation
import TestSupport
import TextData
import Testing

@Suite("The tokenizer of regular expressions")
struct TokenPatternTests {
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

    @Test(
        "Blanks belong to the word after them if a match is white space and then something else",
        arguments: [
            (#"\s?\w+|."#, "a b", true), (#"\s?\w+|."#, "a\tb", true), (#"\w+|\s+|."#, "a b", false),
            (#"\w+|\s+|."#, "a \tb", false),
            (#"\w+|\s+|."#, "a \u{A0}b", false), ("..|.", "▁ b", false),
        ])
    func joinedBlanks(pattern: String, text: String, joins: Bool) throws {
        #expect(try Self.matches(text, pattern: pattern).joinsBlanks == joins)
    }

    @Test("A match does not depend on how characters combine")
    func scalars() throws {
        let vocabulary = try Self.matches("e\u{301}e\n", pattern: #"e|\x{301}"#)
        #expect(symbols(of: vocabulary).first == "e" && vocabulary.counts.first == 2)
    }

    @Test("A dot matches every character of a line, also those that Unicode calls line ends")
    func dot() throws {
        let vocabulary = try Self.matches("a\u{B}\u{C}\u{85}\u{2028}\r.\n", pattern: "a|.")
        #expect(Set(symbols(of: vocabulary)).isSuperset(of: ["\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\r", "."]))
    }

    @Test(
        "Classes are those of Unicode, of scalars, and quantifiers do what PCRE2 documents",
        arguments: [
            (#"\w+|."#, "1990|–|1984|”|60|’|s_名"), (#"\W|[[:word:]-]+"#, "1990|–|1984|”|60|’|s_名"), (#"\W|\w"#, "٣|é|½|-"),
            (#"\d+|\D"#, "12|½|٣|Ⅷ|–|3|日"), (#"\\w|\Q\w\E|."#, "\\w|w|\\w"), (#"[[:alnum:]]+|."#, "a1٣名|–|_|b"),
            (#"(?i)(k)\1|σ|."#, "kK|ς|Σ|a"), (#"(?<=a)b+|."#, "a|bb|c|b"), (#"\x{e9}+|."#, "éé|e"), (#"\p{Any}"#, "e|🇩|🇪"),
            (#"\X"#, "e\u{301}|🇩🇪|a"), (#"\b\w+\b|."#, "don|'|t| |3|.|14"), (#"\Ga|."#, "a|b"),
            (#"(a)?+ax|."#, "a|x"), (#"(?:a|b){0,1}+ax|."#, "a|x"), (#"(?:ab|a)?+bx|."#, "a|bx"), (#"a\w?+bb|."#, "a|b|b"),
            (#"(?:[^a]?+b|(?:a|ab)++c|c)+|."#, "xbc|a|b"), (#"(\((?:[^()]|(?1))*\))|."#, "a|(b(c))|)"),
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

    @Test(
        "A pattern that cannot be used is an error of usage, which names the place",
        arguments: [
            ("a(", "missing closing parenthesis after 'a('"), (#"é\C"#, "\\C"), ("(?<n", "after '(?<n'"),
            ("*", "quantifier does not follow"),
        ])
    func badPattern(pattern: String, reason: String) {
        let bad = textDataError { _ = try Tokenizer(pattern: pattern) }
        #expect(
            bad?.exitStatus == .usage && bad?.description.hasPrefix("--token-pattern ") == true
                && bad?.description.contains(reason) == true, "\(String(describing: bad))")
    }

    @Test("A pattern that goes back too often is an error with its place, and no hang")
    func backtracking() {
        let text = "ab\n" + String(repeating: "a", count: 60) + "\n"
        let error = textDataError { _ = try Self.matches(text, pattern: "(?:a+)+c|.b?") }
        guard case .matchFailed("test.txt", 3, "(?:a+)+c|.b?", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.exitStatus == .badData && error?.description.contains("match limit exceeded. Rewrite the pattern") == true)
        #expect(throws: Never.self, "the advice helps") { _ = try Self.matches(text, pattern: "(?:a+)++c|.b?") }
    }

    @Test("A match whose start is moved is no token")
    func movedStart() {
        let error = textDataError { _ = try Self.matches("ab\n", pattern: #"a\Kb|b"#) }
        #expect(error == .noMatch(source: "test.txt", byteOffset: 0, scalar: "a", pattern: #"a\Kb|b"#))
    }

    @Test("Counting and encoding take the tokens of a long line one by one, and report progress within it")
    func longLine() throws {
        let text = String(repeating: "ab ", count: 10_000)
        let counts = SymbolCounts(try Tokenizer(pattern: #"^ab|\w+(?= )|."#))
        var reports = 0
        counts.reportProgress = { reports += 1 }
        _ = try OpenedText(name: "t", bytes: Array(text.utf8), unit: .regex, blockByteCount: 1 << 20).examine(
            blocks: 0..<1, counting: counts)
        #expect(counts.tokenCount == 20_000 && reports == 78)
    }

    @Test("The tokens of random patterns in random lines are those that grep -oP lists")
    func randomPatterns() throws {
        let parts = [
            "a", "b", ".", "^", "$", #"\b"#, #"\B"#, #"\A"#, #"\z"#, "(?=b)", "(?!a)", #"\s"#, "(a)?", #"\1"#, "|", "[^a]", "é",
            #"\w"#, #"\W+"#,
            "(?<=a)", "(?m)", "(?i)", "B", "(?:a|ab)++", "(?>b|ba)", "(?<!b)", "[[:alnum:]]", #"\p{L}{1,2}?"#, "+", "?",
            #"[^\W_]*"#, #"\h"#, "(?:(b)|.)",
        ]
        var random = SeededGenerator(seed: 1)
        let scratch = try ScratchFolder()
        var compared = 0
        for _ in 0..<400 {
            let pattern =
                (0..<Int.random(in: 1...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined() + "|."
            guard (try? Tokenizer(pattern: pattern)) != nil else { continue }
            let letters = ["a", "b", " ", "e\u{301}", "é", "B", "_", "1", "’", "–"]
            let lines = (0..<6).map { _ in (0..<10).map { _ in letters.randomElement(using: &random) ?? "" }.joined() }
            guard let listed = try Self.listed(lines, pattern: pattern, scratch) else { continue }
            for (line, expected) in zip(lines, listed) where expected.joined() == line {
                var vocabulary: Vocabulary?
                let error = textDataError { vocabulary = try Self.matches(line, pattern: pattern) }
                // At a place where the pattern matches no character first, `grep` goes on, and this is an error.
                if case .noMatch(_, _, _, _, isEmptyMatch: true) = error { continue }
                let found = try vocabulary.map { vocabulary in
                    try tokens(source(line, .regex), vocabulary).map { vocabulary.symbol(of: $0) }
                }
                #expect(found == expected, "\(pattern) \(line) \(String(describing: error))")
                compared += 1
            }
        }
        #expect(compared > 600, "\(compared)")
    }

    /// The matches in each line that `grep` lists; nil if it refuses the pattern.
    private static func listed(_ lines: [String], pattern: String, _ scratch: ScratchFolder) throws -> [[String]]? {
        let file = try scratch.write(lines.joined(separator: "\n") + "\n", to: "lines.txt")
        let run = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/grep"), ["-onP", "--", "(*UCP)(?s)" + pattern, file],
            environment: ["LC_ALL": "C.UTF-8"], folder: nil, timeLimit: 20)
        guard run.status == 0 else { return nil }
        var listed = [[String]](repeating: [], count: lines.count)
        for match in run.output.split(separator: "\n") {
            let parts = match.split(separator: ":", maxSplits: 1)
            if parts.count == 2, let number = Int(parts[0]) { listed[number - 1].append(String(parts[1])) }
        }
        return listed
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
        let text = vocabulary.jsonText()
        for (part, other, error) in [
            ("\"pattern\":\"a|b\",", "", TextDataError.badVocabulary(source: "x", reason: "it has no pattern")),
            ("\"library\":", "\"x\":", .earlierPattern(source: "x")),
        ] {
            #expect(textDataError { _ = try Vocabulary(jsonText: text.replacing(part, with: other), source: "x") } == error)
        }
        let damaged = try Vocabulary(jsonText: text.replacing("\"a|b\"", with: "\"a|(b\""), source: "x")
        #expect(
            textDataError { _ = try damaged.encode("a") }?.exitStatus == .usage, "a stored pattern is compiled when it is used")
        #expect(vocabulary.tokenizer.libraryNotice == nil)
        let library = try #require(vocabulary.tokenizer.patternLibrary)
        #expect(library.hasPrefix("PCRE2 10.") && library.contains("(Unicode "))
        let other = try Vocabulary(jsonText: text.replacing(library, with: "PCRE2 10.1 (Unicode 7)"), source: "x")
        #expect(
            other == vocabulary
                && other.tokenizer.libraryNotice?.contains("found with PCRE2 10.1 (Unicode 7); this machine has \(library)")
                    == true
        )
        #expect(textDataError { try other.tokenizer.requireSameLibrary(for: "t") }?.exitStatus == .fault)
        #expect(throws: Never.self) { try vocabulary.tokenizer.requireSameLibrary(for: "t") }
        #expect(textDataError { try Tokenizer.checkLibrary(for: .regex, expecting: "PCRE2 10.1") }?.exitStatus == .fault)
    }
}
