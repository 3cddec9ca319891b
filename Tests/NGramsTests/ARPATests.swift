import Failures
import Files
import Foundation
import NGrams
import TestSupport
import Testing

@Suite struct ARPATests {
    private static let valid = """
        \\data\\
        ngram 1=4
        ngram 2=2

        \\1-grams:
        -1.5\t<unk>
        -99\t<s>\t-0.5
        -0.25\t</s>
        -0.5\ta\t-0.125

        \\2-grams:
        -0.125\t<s> a
        -0.75\ta </s>

        \\end\\

        """

    @Test("Probabilities of an ARPA file: known n-grams, backoff, unknown words")
    func values() throws {
        let model = try read(Self.valid)
        #expect(model.order == 2 && model.vocabulary.size == 3)
        // p(a|<s>), p(</s>|a); then p(<unk>) with the backoff of a, and p(</s>) after <unk>, which has none.
        #expect(try logarithms("a", model).map { ($0 * 1e6).rounded() / 1e6 } == [-0.125, -0.75])
        #expect(try logarithms("a zebra", model).map { ($0 * 1e6).rounded() / 1e6 } == [-0.125, -1.625, -0.25])
    }

    @Test("Numbers with exponents, blanks as separators, CR LF, empty lines and n-grams in any order are read")
    func otherWriters() throws {
        var other = "\n" + Self.valid.replacingOccurrences(of: "-0.125\t<s> a", with: "-1.25e-01 <s> a")
        other = other.replacingOccurrences(of: "-0.75\ta </s>", with: "-75E-2\ta\t</s>")
        other = other.replacingOccurrences(of: "-1.5\t<unk>\n-99\t<s>\t-0.5\n", with: "-99\t<s>\t-0.5\n-1.5\t<UNK>\n")
        other = other.replacingOccurrences(of: "-grams:\n", with: "-grams:\n\n")
        other = other.replacingOccurrences(of: "\n", with: "\r\n")
        let (a, b) = (try read(Self.valid), try read(other))
        for line in ["a", "a a", "b", ""] { #expect(try logarithms(line, a) == logarithms(line, b)) }
    }

    @Test("A file without <unk> gets it with a probability of 10^-100")
    func closedVocabulary() throws {
        let closed = Self.valid.replacingOccurrences(of: "-1.5\t<unk>\n", with: "")
            .replacingOccurrences(of: "ngram 1=4", with: "ngram 1=3")
        #expect(abs(try logarithms("b", read(closed))[0] + 100.5) < 1e-5)
    }

    /// Each change of the valid file, with the line that the message names and a part of the reason.
    private static let faults: [(String, String, Int, String)] = [
        ("\\data\\", "\\dat\\", 16, "the file has no line \\data\\"),
        ("ngram 2=2", "ngram 3=2", 3, "expected 'ngram 2=COUNT'"),
        ("ngram 2=2", "ngram 2=x", 3, "expected 'ngram 2=COUNT'"),
        ("ngram 1=4", "ngram 1=3", 9, "the section before may have more"),
        ("ngram 1=4", "ngram 1=5", 11, "fewer n-grams than the 5"),
        ("-0.5\ta\t-0.125", "-0.5", 9, "found 1 field"),
        ("-0.5\ta\t-0.125", "-0.5\ta\t-0.125\t7", 9, "found 4 fields"),
        ("-0.5\ta\t-0.125", "0.5\ta\t-0.125", 9, "must not exceed 0"),
        ("-0.5\ta\t-0.125", "-x5\ta\t-0.125", 9, "'-x5' is not a finite number"),
        ("-0.5\ta\t-0.125", "-inf\ta\t-0.125", 9, "not a finite number"),
        ("-0.5\ta\t-0.125", "-0x1\ta\t-0.125", 9, "not a finite number"),
        ("-0.5\ta\t-0.125", "-0.5\ta\t0x1p3", 9, "not a finite number"),
        ("\\end\\\n", "\\end\\\n\nngram\n", 17, "the end of the file after"),
        ("-0.5\ta\t-0.125", "-0.5\ta\tnan", 9, "not a finite number"),
        ("\\data\\\n", "iARPA\n\n\\data\\\n", 1, "this is an iARPA file of IRSTLM"),
        ("-0.25\t</s>", "-0.25\ta", 9, "stands in an earlier line"),
        ("-0.25\t</s>", "-0.25\t</s>\n-0.25\t<eos>", 9, "the file has both </s> and a word <eos>, which are one word here"),
        ("-0.25\t</s>", "-0.25\t</t>", 9, "no word </s>"),
        ("-0.75\ta </s>", "-0.75\tq </s>", 13, "the word 'q' is not among"),
        ("-0.75\ta </s>", "-0.75\t<s> a", 13, "the same n-gram stands in an earlier line"),
        ("-0.75\ta </s>", "\n-0.75\t<s> a\n\n", 14, "the same n-gram stands in an earlier line"),
        ("-0.75\ta </s>", "-0.75\ta </s>\t-0.5", 13, "an n-gram of the highest order has a backoff weight"),
        ("-0.75\ta </s>\n", "", 14, "fewer n-grams than the 2"),
        ("\\end\\\n", "", 15, "the file ends before \\end\\"),
        ("\\2-grams:", "\\3-grams:", 11, "expected \\2-grams:"),
    ]

    @Test("A malformed file is refused with the number of the line", arguments: faults.indices)
    func malformed(number: Int) throws {
        let (from, to, line, reason) = Self.faults[number]
        let error = #expect(throws: ARPAError.self) { try read(Self.valid.replacingOccurrences(of: from, with: to)) }
        guard case .malformed(_, let found, let text)? = error else { return }
        #expect(found == line && text.contains(reason), "line \(found): \(text)")
        #expect(error?.exitStatus == .badData)
    }

    @Test("A word in another encoding is refused")
    func encoding() throws {
        let bytes = Self.valid.replacingOccurrences(of: "\ta\t", with: "\té\t").data(using: .isoLatin1) ?? Data()
        let folder = try ScratchFolder()
        let path = try folder.write(Array(bytes), to: "latin.arpa")
        let error = #expect(throws: ARPAError.self) { try NGramModel(arpa: path) }
        #expect(error.map { "\($0)".contains("not UTF-8") } == true && error?.exitStatus == .badData)
    }

    @Test("Lines before \\data\\, and the mark of UTF-8, are left out")
    func comment() throws {
        let folder = try ScratchFolder()
        for start in ["\u{FEFF}", "made by a tool\n\n", "\u{FEFF}a comment\r\n"] {
            let path = try folder.write(start + Self.valid, to: "commented.arpa")
            #expect(NGramModel.isARPA(path))
            #expect(try logarithms("a", NGramModel(arpa: path)) == logarithms("a", read(Self.valid)))
        }
    }

    @Test("Probabilities that do not sum to 1 after a context are found, and those of the estimator and of KenLM do")
    func sums() throws {
        let text = randomText(lines: 60, words: 12, seed: 5).map { $0.joined(separator: " ") + "\n" }.joined()
        let whole = try arpa(model(of: text, order: 4))
        #expect(try read(whole).normalizationFault == nil)
        #expect(try read(arpa(model(of: text, order: 3, prune: [0, 1, 1]))).normalizationFault == nil)
        // The backoff weights of two n-grams, and one probability.
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for order in [1, 2, 3] {
            let start = try #require(lines.firstIndex(of: "\\\(order)-grams:"))
            let place = try #require(lines[start...].firstIndex { $0.split(separator: "\t").count == 3 && !$0.hasSuffix("\t0") })
            var fields = lines[place].split(separator: "\t").map(String.init)
            for (index, value) in [(2, "2"), (2, "-9"), (0, "-0.001")] where order > 1 || index == 2 {
                var damaged = lines
                var others = fields
                others[index] = value
                damaged[place] = others.joined(separator: "\t")
                let fault = try read(damaged.joined(separator: "\n")).normalizationFault
                #expect(fault != nil, "\(lines[place]) -> \(damaged[place])")
                if index == 2 { #expect(fault?.contains("after '\(fields[1])' sum to") == true, "\(fault ?? "none")") }
            }
            fields = []
        }
    }

    @Test("The backoff weight of a context that nothing follows counts, except after </s>")
    func unfollowedContext() throws {
        let words = ["<s>\t0", "</s>\tB", "<unk>", "a\tA", "b"].enumerated().map { $0 == 0 ? "-99\t\($1)" : "-0.60206\t\($1)" }
        let text =
            "\\data\\\nngram 1=5\nngram 2=1\n\n\\1-grams:\n\(words.joined(separator: "\n"))\n\n"
            + "\\2-grams:\n-0.60206\t<s> a\n\n\\end\\\n"
        func fault(_ a: String, _ end: String) throws -> String? {
            try read(text.replacing("A", with: a).replacing("B", with: end)).normalizationFault
        }
        #expect(try fault("0", "-0.5") == nil)
        #expect(try fault("-0.5", "0")?.contains("after 'a' sum to 0.316") == true)
    }

    @Test("A wrong sum is passed on to the contexts that back off to it, and to no others")
    func sumsOfBackoffs() throws {
        func fault(_ b: String, bigrams: [String], trigrams: [String]) throws -> String? {
            let words = ["-99\t<s>\t0", "-0.60206\t</s>", "-0.60206\t<unk>", "-0.60206\ta", "\(b)\tb"]
            let parts = [words, bigrams, trigrams].enumerated().map { "\\\($0 + 1)-grams:\n" + $1.joined(separator: "\n") }
            let counts = [words, bigrams, trigrams].enumerated().map { "ngram \($0 + 1)=\($1.count)\n" }.joined()
            return try read("\\data\\\n\(counts)\n" + parts.joined(separator: "\n\n") + "\n\n\\end\\\n").normalizationFault
        }
        let bigrams = ["-0.60206\t<s> a\t0", "-0.60206\ta b\t0"]
        #expect(try fault("-0.60206", bigrams: bigrams, trigrams: ["-0.60206\t<s> a b"]) == nil)
        // So have <s>, <unk>, b and `a b`. After a and `<s> a`, the bigram and the trigram restore what p(b) lacks.
        let all = try #require(try fault("-1", bigrams: bigrams, trigrams: ["-0.60206\t<s> a b"]))
        #expect(all.contains("of all words sum to 0.85, and not to 1; 4 other sums are wrong, too"), "\(all)")
        // p(b | a) is 0.5: so the sum after a is 1.25, and after `<s> a`, which has a right p(b | <s> a), it is 1.
        let one = try #require(
            try fault("-0.60206", bigrams: [bigrams[0], "-0.30103\ta b\t0"], trigrams: ["-0.60206\t<s> a b"]))
        #expect(one.hasPrefix("the probabilities after 'a' sum to 1.25") && !one.contains("other"), "\(one)")
    }

    @Test("An n-gram without its context is refused")
    func missingContext() throws {
        let text = Self.valid.replacingOccurrences(of: "ngram 2=2", with: "ngram 2=2\nngram 3=1")
            .replacingOccurrences(of: "\\end\\", with: "\\3-grams:\n-1\ta a </s>\n\n\\end\\")
        let error = #expect(throws: ARPAError.self) { try read(text) }
        #expect(error?.description.contains("line 17 of this ARPA file: its context 'a a' is not among the \\2-grams:") == true)
    }

    @Test("A file that is truncated anywhere, or has any byte changed, is read or refused without a crash")
    func damage() throws {
        let bytes = Array(Self.valid.utf8)
        let folder = try ScratchFolder()
        // The last line end and the empty line before it may be missing.
        for count in 0..<(bytes.count - 2) {
            let path = try folder.write(Array(bytes[..<count]), to: "cut.arpa")
            #expect(throws: ARPAError.self, "cut after \(count) bytes") { try NGramModel(arpa: path) }
        }
        var random = SeededRandom(state: 9)
        for _ in 0..<300 {
            var changed = bytes
            changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let path = try folder.write(changed, to: "changed.arpa")
            do { _ = try NGramModel(arpa: path) } catch { #expect(error.exitStatus == .badData) }
        }
    }

    @Test(
        "A written model has the same probabilities when it is read, written files are recognised, and a failed write keeps the old file"
    )
    func roundTrip() throws {
        let folder = try ScratchFolder()
        let text = randomText(lines: 50, words: 12, seed: 2).map { $0.joined(separator: " ") + "\n" }.joined()
        let path = folder.file("model.arpa")
        try model(of: text, order: 3).write(arpa: path)
        #expect(NGramModel.isARPA(path))
        #expect(!NGramModel.isARPA(try folder.write("data\n", to: "text")))
        #expect(!NGramModel.isARPA(folder.file("missing")))
        let before = try folder.read("model.arpa")
        try model(of: text, order: 3).write(arpa: path)
        #expect(try folder.read("model.arpa") == before)
        #expect(throws: ARPAError.self) { try model(of: text, order: 2).write(arpa: folder.file("missing/model.arpa")) }
        #expect(try folder.names().filter { $0.hasPrefix(".") } == [])
    }
}
