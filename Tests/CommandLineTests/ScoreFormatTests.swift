import Foundation
import TestSupport
import Testing
import TextData

/// The exact formats of other tools, with the numbers of the table of `--format tsv`.
@Suite("Formats of score")
struct ScoreFormatTests {
    private static let text = "the dog sat\\n\\n"

    /// Surprisals of `the`, `dog` (unknown), `sat`, `<eos>`, and of the `<eos>` of an empty line; then entropies.
    private static func figures(base: String) throws -> (surprisals: [Double], entropies: [Double]) {
        let rows = try output("--base \(base)").split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        try #require(rows.count == 5)
        return (rows.compactMap { Double($0[3]) }, rows.compactMap { Double($0[4]) })
    }

    private static func output(_ options: String, model: String = "word", text: String = text) throws -> String {
        let outcome = try SmallModels.shell(
            "printf '\(text)' | $R score --checkpoint \(model)/best.safetensors --data - \(options)")
        try #require(outcome.status == 0, "\(outcome)")
        return outcome.output
    }

    private static func digits(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)g", value) }

    /// The model of the run `pieces` with a piece that is a tab: its text is `\t`, its kind is that of `--user_defined_symbols`.
    @Test("A piece that is a tab does not divide a row", .enabled(if: SentencePieceLibrary.isInstalled))
    func tab() throws {
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --train train.txt --valid valid.txt"
        let trained = try SmallModels.shell(
            "$R \(small) --tokens sentencepiece --vocabulary-size 20 --run untabbed && cp untabbed/sentencepiece.model tab.model "
                + "&& printf '\\012\\012\\012\\001\\011\\025\\000\\000\\000\\000\\030\\004' >> tab.model "
                + "&& $R \(small) --tokens sentencepiece --sentencepiece-model tab.model --run tabbed")
        try #require(trained.status == 0, "\(trained)")
        let rows = try Self.output("", model: "tabbed", text: "the\\tcat\\n").split(separator: "\n")
        #expect(rows.allSatisfy { $0.split(separator: "\t", omittingEmptySubsequences: false).count == 7 }, "\(rows)")
        #expect(rows.contains { $0.contains("\t\\t\t") }, "\(rows)")
    }

    @Test("tsv")
    func table() throws {
        let (s, h) = try Self.figures(base: "2")
        let rows = [
            "1\t1\tthe\t\(s[0])\t\(h[0])", "1\t2\tdog\t\(s[1])\t\(h[1])", "1\t3\tsat\t\(s[2])\t\(h[2])",
            "1\t4\t<eos>\t\(s[3])\t\(h[3])", "2\t1\t<eos>\t\(s[4])\t\(h[4])",
        ]
        let lines = try Self.output("").split(separator: "\n").map(String.init)
        #expect(lines.first == "line\tposition\ttoken\tsurprisal_bits\tentropy_bits\trank\tunknown")
        for (line, row) in zip(lines.dropFirst(), rows) {
            #expect(
                try line.wholeMatch(of: Regex(NSRegularExpression.escapedPattern(for: row) + "\t[1-8]\t[01]")) != nil, "\(line)")
        }
    }

    @Test("words: the sums of the table, for each kind of token", arguments: ["word", "char", "byte", "wordpieces"])
    func words(model: String) throws {
        if model == "wordpieces" {
            guard SentencePieceLibrary.isInstalled else { return }
            let small =
                "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --train train.txt --valid valid.txt"
            let trained = try SmallModels.shell("$R \(small) --tokens sentencepiece --vocabulary-size 30 --run wordpieces")
            try #require(trained.status == 0, "\(trained)")
        }
        let text = "the cat  sat on\\n\\n mat gr\u{F6}\u{DF}e\\n"
        let rows = try Self.output("--base e", model: model, text: text).split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        let words = try Self.output("--base e --format words", model: model, text: text).split(separator: "\n").map(String.init)
        #expect(words.first == "line\tword\ttext\tsurprisal_nats\tunknown\ttokens")
        let fields = words.dropFirst().map { $0.split(separator: "\t") }
        #expect(fields.map { $0[0] + " " + $0[1] } == ["1 1", "1 2", "1 3", "1 4", "3 1", "3 2"], "\(words)")
        #expect(fields.prefix(5).map { $0[2] } == ["the", "cat", "sat", "on", "mat"], "\(words)")
        // The line ends of words and pieces are in no word, and neither is an empty line of characters.
        let excluded = rows.filter { model.hasPrefix("word") ? ["<eos>", "</s>"].contains($0[2]) : $0[0] == "2" }
        #expect(excluded.count == (model.hasPrefix("word") ? 3 : 1), "\(rows)")
        let expected = (rows.compactMap { Double($0[3]) }.reduce(0, +) - excluded.compactMap { Double($0[3]) }.reduce(0, +))
        let sum = fields.compactMap { Double($0[3]) }.reduce(0, +)
        #expect(abs(sum - expected) < 1e-9, "\(sum) \(expected)")
        #expect(fields.compactMap { Int($0[5]) }.reduce(0, +) == rows.count - excluded.count)
    }

    @Test("words: the figure of a word before a blank is that of probe, and that of the last word has the line end instead")
    func probed() throws {
        try SmallModels.write("probed.text", "the cat sat\nthe cat sat\n")
        try SmallModels.write("probed.gold", "1\tcat\tmat\t0\n2\tsat\ton\t0\n")
        for model in ["char", "byte"] {
            let words = try Self.output("--format words", model: model, text: "the cat sat\\n").split(separator: "\n").map {
                $0.split(separator: "\t")
            }
            let probe = try SmallModels.shell("$R probe --checkpoint \(model) --pairs probed.gold --items")
            let items = probe.output.split(separator: "\n").map { $0.split(separator: "\t") }
            try #require(words.count == 4 && items.count == 3, "\(words) \(probe)")
            #expect(words[2][3] == items[1][4] && words[3][3] != items[2][4], "\(words) \(probe)")
        }
    }

    @Test("words: every word has a row, also one of skipped characters or of characters that SentencePiece removes")
    func wordRows() throws {
        let skipping = try Self.output("--format words --skip-unknown", model: "char", text: "the # cat#s\\n# mat\\n")
        let rows = skipping.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        #expect(rows.map { $0[0] + $0[1] + $0[2] } == ["11the", "12#", "13cat#s", "21#", "22mat"], "\(skipping)")
        #expect(rows.map { $0[4] + $0[5] } == ["04", "11", "15", "11", "04"], "\(skipping)")
        #expect(rows.map { $0[3] == "NA" } == [false, true, true, true, false], "\(skipping)")
    }

    @Test("words: a word with a token that is not scored has no figure")
    func unscoredWord() throws {
        for (model, tokens) in [("word", 1), ("char", 4)] {
            let rows = try Self.output("--format words --carry-state", model: model, text: "the cat\\n").split(separator: "\n")
            #expect(rows[1] == "1\t1\tthe\tNA\t0\t\(tokens)" && !rows[2].contains("NA"), "\(rows)")
        }
        let unknown = try Self.output("--format words --carry-state", text: "zzz the\\n").split(separator: "\n")
        #expect(unknown[1] == "1\t1\tzzz\tNA\t1\t1", "\(unknown)")
    }

    @Test("json")
    func json() throws {
        struct Token: Decodable, Equatable {
            let position: Int
            let token: String
            let surprisal_nats: Double
            let entropy_nats: Double
            let rank: Int
            let unknown: Bool
        }
        struct Line: Decodable {
            let line: Int
            let tokens: [Token]
            let surprisal_nats: Double
            let oovs: Int
        }
        struct Total: Decodable {
            let lines: Int
            let surprisal_nats: Double
            let tokens: Int
            let loss: Double
            let oovs: Int
        }
        let (s, h) = try Self.figures(base: "e")
        let lines = try Self.output("--format json --base e").split(separator: "\n").map { Data($0.utf8) }
        try #require(lines.count == 3)
        let first = try JSONDecoder().decode(Line.self, from: lines[0])
        #expect(first.line == 1 && first.tokens.map(\.token) == ["the", "dog", "sat", "<eos>"] && first.oovs == 1)
        #expect(first.tokens.map(\.position) == [1, 2, 3, 4] && first.tokens.map(\.unknown) == [false, true, false, false])
        #expect(first.tokens.map(\.surprisal_nats) == Array(s[0..<4]) && first.tokens.map(\.entropy_nats) == Array(h[0..<4]))
        #expect(first.surprisal_nats == s[0] + s[1] + s[2] + s[3])
        let total = try JSONDecoder().decode(Total.self, from: lines[2])
        #expect(total.lines == 2 && total.tokens == 5 && total.oovs == 1 && total.surprisal_nats == s.reduce(0, +))
        #expect(total.loss == s.reduce(0, +) / 5)
        let quoted = try Self.output("--format json", model: "byte", text: "\"\\001\\377\\\\\\n")
        let bytes = try JSONDecoder().decode(LineOfTokens.self, from: Data(quoted.split(separator: "\n")[0].utf8))
        #expect(bytes.tokens.map(\.token) == ["\"", "\\x01", "\\xFF", "\\\\", "\\n"])
    }

    private struct LineOfTokens: Decodable {
        struct Token: Decodable { let token: String }
        let tokens: [Token]
    }

    @Test("lm-zoo")
    func lmZoo() throws {
        let s = try Self.figures(base: "2").surprisals.map { String(format: "%.6f", $0) }
        #expect(
            try Self.output("--format lm-zoo") == """
                sentence_id\ttoken_id\ttoken\tsurprisal
                1\t1\tthe\t\(s[0])
                1\t2\t<unk>\t\(s[1])
                1\t3\tsat\t\(s[2])
                1\t4\t<eos>\t\(s[3])
                2\t1\t<eos>\t\(s[4])

                """)
    }

    @Test("neural-complexity")
    func neuralComplexity() throws {
        let (s, h) = try Self.figures(base: "2")
        #expect(
            try Self.output("--format neural-complexity") == """
                word sentid sentpos wlen surp entropy
                the 0 0 3 \(s[0]) \(h[0])
                <unk> 0 1 5 \(s[1]) \(h[1])
                sat 0 2 3 \(s[2]) \(h[2])

                """)
        #expect(try Self.output("--format neural-complexity", model: "char", text: "a t\\n").contains("\n\\x20 0 1 1 "))
    }

    @Test("Control characters and line separators are escaped in every table", arguments: ["word", "byte"])
    func controlCharacters(model: String) throws {
        // U+0001, U+001E, U+0080 and U+2028: all but the last belong to words.
        let text = "a\\001\\036\\302\\200\\342\\200\\250b\\n"
        for format in ["tsv", "lm-zoo", "neural-complexity", "srilm", "kenlm"] {
            let output = try Self.output("--format \(format)", model: model, text: text)
            let controls = output.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }
            #expect(controls.isEmpty && !output.contains("\u{2028}"), "\(format): \(output)")
        }
        let table = try Self.output("", model: model, text: text)
        if model == "word" { #expect(table.contains("\t" + #"a\x01\x1E\x80"# + "\t"), "\(table)") }
        if model == "byte" { #expect(table.contains("\t" + #"\xC2"# + "\t"), "\(table)") }
    }

    @Test("srilm")
    func srilm() throws {
        let p = try Self.figures(base: "10").surprisals.map { 0 - $0 }
        let known = p[0] + p[2] + p[3]
        let row = { (index: Int) in "\(Self.digits(pow(10, p[index]), 7)) [ \(Self.digits(p[index], 7)) ]" }
        let perplexities = { (sum: Double, count: Int) in Self.digits(pow(10, -sum / Double(count)), 7) }
        #expect(
            try Self.output("--format srilm") == """
                the <unk> sat
                \tp( the | <s> ) \t= [2gram] \(row(0))
                \tp( <unk> | the ...) \t= [OOV] 0 [ -inf ]
                \tp( sat | <unk> ...) \t= [4gram] \(row(2))
                \tp( </s> | sat ...) \t= [5gram] \(row(3))
                1 sentences, 3 words, 1 OOVs
                0 zeroprobs, logprob= \(Self.digits(known, 7)) ppl= \(perplexities(known, 3)) ppl1= \(perplexities(known, 2))


                \tp( </s> | <s> ) \t= [2gram] \(row(4))
                1 sentences, 0 words, 0 OOVs
                0 zeroprobs, logprob= \(Self.digits(p[4], 7)) ppl= \(perplexities(p[4], 1)) ppl1= undefined

                file the standard input: 2 sentences, 3 words, 1 OOVs
                0 zeroprobs, logprob= \(Self.digits(known + p[4], 7)) ppl= \(perplexities(known + p[4], 4)) \
                ppl1= \(perplexities(known + p[4], 2))

                """)
    }

    @Test("kenlm")
    func kenlm() throws {
        let p = try Self.figures(base: "10").surprisals.map { 0 - $0 }
        let output = try Self.output("--format kenlm")
        let ids = output.matches(of: #/=([0-9]+) /#).map { String($0.1) }
        try #require(ids.count == 5 && ids[3] == ids[4])
        let d = p.map { Self.digits($0, 6) }
        let sum = p.reduce(0, +)
        #expect(
            output == """
                the=\(ids[0]) 2 \(d[0])\tdog=\(ids[1]) 3 \(d[1])\tsat=\(ids[2]) 4 \(d[2])\t\
                </s>=\(ids[3]) 5 \(d[3])\tTotal: \(Self.digits(p[0] + p[1] + p[2] + p[3], 6)) OOV: 1
                </s>=\(ids[4]) 2 \(d[4])\tTotal: \(d[4]) OOV: 0
                Perplexity including OOVs:\t\(Self.digits(pow(10, -sum / 5), 6))
                Perplexity excluding OOVs:\t\(Self.digits(pow(10, -(sum - p[1]) / 4), 6))
                OOVs:\t1
                Tokens:\t5

                """)
    }
}
