import Foundation
import TestSupport
import Testing

/// Scores of single tokens: compared with `evaluate`, with the probabilities of all continuations, and in every format.
@Suite("score")
struct ScoreTests {
    private struct Row {
        let line: Int
        let position: Int
        let token: String
        let surprisal: Double
        let entropy: Double
        let rank: Int
        let unknown: Int

        init(_ text: Substring) throws {
            let fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 7, "\(text)")
            line = try #require(Int(fields[0]))
            position = try #require(Int(fields[1]))
            token = fields[2]
            surprisal = try #require(Double(fields[3]))
            entropy = try #require(Double(fields[4]))
            rank = try #require(Int(fields[5]))
            unknown = try #require(Int(fields[6]))
        }
    }

    private static func score(_ model: String, _ options: String, text: String) throws -> ProgramRun {
        try SmallModels.shell("printf '\(text)' | $R score --checkpoint \(model)/best.safetensors --data - \(options)")
    }

    private static func rows(_ outcome: ProgramRun) throws -> [Row] {
        try #require(outcome.status == 0, "\(outcome)")
        return try outcome.output.split(separator: "\n").dropFirst().map(Row.init)
    }

    @Test("With --carry-state the sum of surprisals is that of evaluate to the last bit", arguments: ["word", "char", "byte"])
    func sum(model: String) throws {
        let options = "--checkpoint \(model)/best.safetensors --data valid.txt"
        let evaluated = try SmallModels.shell("$R evaluate \(options) --json")
        let scored = try SmallModels.shell("$R score \(options) --carry-state --base e")
        let rows = try Self.rows(scored)
        let loss = rows.reduce(0) { $0 + $1.surprisal } / Double(rows.count)
        #expect(evaluated.output.hasPrefix("{\"tokens\":\(rows.count),\"loss\":\(loss),"), "\(evaluated) \(loss)")
        #expect(rows.first?.position == 2)
        let json = try SmallModels.shell("$R score \(options) --carry-state --format json")
        let total = try #require(json.output.split(separator: "\n").last)
        #expect(total.hasSuffix(evaluated.output.dropFirst().dropLast()), "\(total) \(evaluated)")
        #expect(try SmallModels.shell("$R score \(options) --base e").output != scored.output)
    }

    @Test("The scores of a line depend on no other line", arguments: ["word", "char", "byte"])
    func independence(model: String) throws {
        let options = "--checkpoint \(model)/best.safetensors --data"
        let rows = try Self.rows(SmallModels.shell("$R score \(options) valid.txt"))
        let reversed = try Self.rows(SmallModels.shell("tac valid.txt | $R score \(options) -"))
        let lineCount = try #require(rows.last?.line)
        #expect(lineCount == 10 && reversed.count == rows.count)
        for line in 1...lineCount {
            let (one, other) = (rows.filter { $0.line == line }, reversed.filter { $0.line == lineCount + 1 - line })
            #expect(one.map(\.surprisal) == other.map(\.surprisal) && one.map(\.entropy) == other.map(\.entropy))
            #expect(one.map(\.rank) == other.map(\.rank) && one.map(\.token) == other.map(\.token) && !one.isEmpty)
        }
        #expect(Set(rows.map(\.surprisal)).count > lineCount)
    }

    @Test("Entropy and rank match the probabilities of all continuations")
    func distribution() throws {
        let words = ["the", "cat", "sat", "größe", "on", "mat", "<unk>", ""]
        let text = words.map { "mat on \($0)\\n" }.joined()
        let last = try Self.rows(Self.score("word", "--base e", text: text)).filter { $0.position == 3 }
        try #require(last.count == words.count)
        let probabilities = last.map { exp(-$0.surprisal) }
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
        let entropy = probabilities.reduce(0) { $0 - $1 * log($1) }
        for row in last {
            #expect(abs(row.entropy - entropy) < 1e-6, "\(row) \(entropy)")
            #expect(row.rank == last.filter { $0.surprisal < row.surprisal }.count + 1, "\(row)")
        }
        #expect(Set(last.map(\.rank)).count == words.count)
        #expect(last.map(\.unknown) == [0, 0, 0, 0, 0, 0, 1, 0] && last.last?.token == "<eos>")
    }

    @Test("--base changes the unit in the header and the values, nothing else")
    func bases() throws {
        let text = "the cat\\n"
        let bits = try Self.score("word", "", text: text)
        let header = { (unit: String) in "line\tposition\ttoken\tsurprisal_\(unit)\tentropy_\(unit)\trank\tunknown\n" }
        #expect(bits.output.hasPrefix(header("bits")))
        #expect(try Self.score("word", "--base 2", text: text).output == bits.output)
        for (base, unit, factor) in [("e", "nats", log(2.0)), ("10", "hartleys", log10(2.0))] {
            let other = try Self.score("word", "--base \(base)", text: text)
            #expect(other.output.hasPrefix(header(unit)), "\(other)")
            for (a, b) in zip(try Self.rows(bits), try Self.rows(other)) {
                #expect(abs(a.surprisal * factor - b.surprisal) < 1e-12 && abs(a.entropy * factor - b.entropy) < 1e-12)
            }
        }
    }

    @Test("Unknown words keep their text and are marked; the summary counts them")
    func unknownWords() throws {
        let outcome = try Self.score("word", "", text: "the dog\\nthe <unk>\\n")
        let rows = try Self.rows(outcome)
        #expect(rows.map(\.token) == ["the", "dog", "<eos>", "the", "<unk>", "<eos>"])
        #expect(rows.map(\.unknown) == [0, 1, 0, 0, 1, 0])
        #expect(rows[1].surprisal == rows[4].surprisal)
        #expect(outcome.errors.hasPrefix("rnntrain: note: the standard input: 2 lines, 6 tokens, loss "), "\(outcome)")
        #expect(outcome.errors.contains("; 2 OOV (33.3 %), "), "\(outcome)")
    }

    @Test("Empty lines, line ends, a missing last line end, and tokens that would break a table")
    func lines() throws {
        let words = try Self.rows(Self.score("word", "", text: "\\nthe\\r\\n\\ncat"))
        #expect(words.map(\.token) == ["<eos>", "the", "<eos>", "<eos>", "cat", "<eos>"])
        #expect(words.map(\.line) == [1, 2, 2, 3, 4, 4] && words[0].surprisal == words[3].surprisal)
        let characters = try Self.rows(Self.score("char", "", text: "a t\\n\\nö"))
        #expect(characters.map(\.token) == ["a", " ", "t", "\\n", "\\n", "ö", "\\n"])
        #expect(characters.map(\.position) == [1, 2, 3, 4, 1, 1, 2])
        let bytes = try Self.rows(Self.score("byte", "", text: "ö\\t\\\\\\r\\n"))
        #expect(bytes.map(\.token) == ["\\xC3", "\\xB6", "\\t", "\\\\", "\\r", "\\n"])
        let skipped = try Self.score("char", "--skip-unknown --format json", text: "a€t\\n")
        #expect(
            skipped.output.hasSuffix(",\"skipped_characters\":1}\n") && skipped.errors.contains("skipped 1 character"),
            "\(skipped)")
        let refused = try Self.score("char", "", text: "a€t\\n")
        #expect(
            refused.status == 65 && refused.output.isEmpty && refused.errors.contains("the character \"€\" (U+20AC) at byte 1 "),
            "\(refused)")
    }

    @Test("A line longer than a window has the scores of evaluate")
    func longLine() throws {
        let text = "$(for i in $(seq 60); do printf 'the cat sat '; done)"
        let command = { (name: String) in "printf '%s' \"\(text)\" | $R \(name) --checkpoint byte/best.safetensors --data -" }
        let rows = try Self.rows(SmallModels.shell(command("score --carry-state --base e")))
        let loss = rows.reduce(0) { $0 + $1.surprisal } / Double(rows.count)
        let evaluated = try SmallModels.shell(command("evaluate --json"))
        #expect(rows.count == 719 && evaluated.output.contains("\"loss\":\(loss),"), "\(evaluated) \(loss)")
    }

    @Test("Faults are one line with the right status")
    func faults() throws {
        let cases = [
            ("--checkpoint word/best.safetensors --data missing.txt", 66, "missing.txt: no such file. "),
            ("--checkpoint missing --data valid.txt", 66, "missing: no such file. "),
            ("--checkpoint word/best.safetensors --data valid.txt --base 3", 64, "the value '3' is invalid for '--base <base>'"),
            (
                "--checkpoint word/best.safetensors --data valid.txt --format xml", 64,
                "the value 'xml' is invalid for '--format <format>'. Please provide one of the following: tsv, words, json, lm-zoo, "
            ),
            (
                "--checkpoint word/best.safetensors --data valid.txt --format kenlm --base 2", 64,
                "--format kenlm prints logarithms to base 10: omit --base, or use --format tsv, words or json."
            ),
            ("--checkpoint word/best.safetensors --data - < /dev/null", 65, "the standard input is empty, "),
            ("--checkpoint word/best.safetensors --data valid.txt > /dev/full", 74, "the standard output cannot be written: "),
        ]
        for (options, status, message) in cases {
            let outcome = try SmallModels.shell("$R score \(options)")
            #expect(outcome.status == status && outcome.errors.hasPrefix("rnntrain: error: " + message), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }
        let single = try Self.score("char", "--carry-state", text: "t")
        #expect(single.status == 65 && single.errors.contains("the text has 1 token, but 2 or more are needed."), "\(single)")
        let skipped = try Self.score("char", "--skip-unknown --carry-state", text: "\u{221E}")
        #expect(skipped.status == 65, "\(skipped)")
        #expect(
            skipped.errors.contains("no token to score (skipped: 1 character outside the vocabulary). Use another text."),
            "\(skipped)")
    }
}
