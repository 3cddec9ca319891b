import Foundation
import TestSupport
import Testing

/// Evaluates texts from files and from standard input, with characters that the model does not know.
@Suite("evaluate")
struct EvaluateTests {
    private static let command = "$R evaluate --checkpoint char/best.safetensors"

    @Test("Standard input gives the same figures as the file, with and without a last line end")
    func standardInput() throws {
        let expected = try SmallModels.shell("\(Self.command) --json --data valid.txt")
        for input in ["cat valid.txt |", "{ head -c 100 valid.txt; sleep 0.2; tail -c +101 valid.txt; } |"] {
            let piped = try SmallModels.shell("\(input) \(Self.command) --json --data -")
            #expect(piped.output == expected.output && piped.status == 0 && piped.errors.isEmpty, "\(piped)")
        }
        #expect(try SmallModels.shell("\(Self.command) --json --data - < valid.txt").output == expected.output)
        #expect(try SmallModels.shell("cat valid.txt | \(Self.command) --json --data /dev/stdin").output == expected.output)
        let substituted = "exec bash -c '\(Self.command) --json --data <(cat valid.txt)'"
        #expect(try SmallModels.shell(substituted).output == expected.output)
        let open = try SmallModels.shell("printf 'the cat' | \(Self.command) --data -")
        #expect(open.output.hasPrefix("6 tokens, loss ") && open.status == 0, "\(open)")
    }

    @Test("A text larger than a pipe's buffer is read completely")
    func longInput() throws {
        let long = try SmallModels.shell(
            "for i in 1 2 3 4 5 6 7 8; do cat train.txt valid.txt; done > long.txt; wc -m < long.txt")
        let characters = try #require(Int(long.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        let piped = try SmallModels.shell("cat long.txt | \(Self.command) --json --data -")
        #expect(piped.output.hasPrefix("{\"tokens\":\(characters - 1),"), "\(piped)")
    }

    @Test("An empty, a closed and a misplaced standard input are distinct errors")
    func faults() throws {
        let cases = [
            ("--data - < /dev/null", 65, "the standard input is empty, but --data reads the text from it. "),
            ("--data - <&-", 66, "the standard input cannot be read: Bad file descriptor. "),
            ("--data - < .", 66, "the standard input cannot be read: Is a directory. "),
            ("--checkpoint - --data valid.txt", 64, "--checkpoint -: the standard input cannot be used here, "),
        ]
        for (options, status, message) in cases {
            let outcome = try SmallModels.shell("\(Self.command) \(options)")
            #expect(outcome.status == status && outcome.errors.contains("rnntrain: error: " + message), "\(outcome)")
        }
        let others = ["--train - --valid valid.txt --run r", "--config -", "verify -", "benchmark --tokenise -"]
        for command in others {
            let outcome = try SmallModels.shell("$R \(command)")
            #expect(outcome.status == 64 && outcome.errors.contains(" -: the standard input cannot be used here, "), "\(outcome)")
        }
    }

    @Test("An unknown character is an error with its offset and the option that skips it")
    func unknownCharacters() throws {
        let text = "printf 'the größe\\nof €\\n' |"
        let refused = try SmallModels.shell("\(text) \(Self.command) --data -")
        #expect(refused.status == 65, "\(refused)")
        #expect(
            refused.errors
                == "rnntrain: error: the standard input: the character \"f\" (U+0066) at byte 13 is not in the vocabulary of the model. "
                + "Remove it, or skip unknown characters with --skip-unknown.\n")
        let skipping = try SmallModels.shell("\(text) \(Self.command) --skip-unknown --json --data -")
        let without = try SmallModels.shell("printf 'the größe\\no \\n' | \(Self.command) --json --data -")
        // The skipped characters belong to the size of the text.
        func figures(_ output: String) -> [String: String] {
            RunLog.fields(of: output.trimmingCharacters(in: .newlines)).filter {
                !["words", "word_perplexity", "bytes", "byte_perplexity", "skipped_characters"].contains($0.key)
            }
        }
        #expect(figures(skipping.output) == figures(without.output) && figures(without.output)["tokens"] == "12", "\(skipping)")
        #expect(skipping.output.hasSuffix(",\"skipped_characters\":2}\n"), "\(skipping)")
        #expect(
            skipping.errors.hasSuffix(
                "rnntrain: note: the standard input: skipped 2 characters that are not in the vocabulary; "
                    + "the first is \"f\" at byte 13.\n"), "\(skipping)")
    }

    @Test("A note tells that the first token is not scored, if it is more than 1 % of the tokens")
    func shortText() throws {
        let evaluate = "$R evaluate --data - --checkpoint"
        let counted = try SmallModels.shell("$R ngram --order 2 --train train.txt --arpa short.arpa")
        try #require(counted.status == 0, "\(counted)")
        for (lines, command, tokenCount) in [
            (1, "\(evaluate) word/best.safetensors", 10), (1, "\(evaluate) word/best.safetensors --json", 10),
            (9, "\(evaluate) word/best.safetensors", 90), (10, "\(evaluate) word/best.safetensors", nil),
            (9, "\(evaluate) char/best.safetensors", nil), (1, "\(evaluate) short.arpa", nil),
            (1, "$R score --checkpoint word/best.safetensors --data - --carry-state", 10),
            (1, "$R score --checkpoint word/best.safetensors --data - --carry-state --format kenlm", nil),
            (1, "$R score --checkpoint word/best.safetensors --data -", nil),
        ] as [(Int, String, Int?)] {
            let outcome = try SmallModels.shell("head -n \(lines) valid.txt | \(command)")
            let note = tokenCount.map {
                "rnntrain: note: the standard input: the perplexities by word and by byte divide by the whole text, although the first of "
                    + "its \($0) tokens is not scored; on so short a text they are clearly too low.\n"
            }
            #expect(outcome.status == 0, "\(command): \(outcome)")
            let isExpected = note.map { outcome.errors.contains($0) } ?? !outcome.errors.contains("is not scored")
            #expect(isExpected, "\(command): \(outcome)")
        }
    }

    @Test(
        "Perplexities by word and by byte have the same denominators for words, characters and bytes",
        arguments: ["word", "char", "byte"])
    func comparable(unit: String) throws {
        let outcome = try SmallModels.shell("$R evaluate --checkpoint \(unit)/best.safetensors --json --data valid.txt")
        let fields = RunLog.fields(of: outcome.output.trimmingCharacters(in: .newlines))
        func number(_ name: String) throws -> Double { try #require(fields[name].flatMap { Double($0) }, "\(name) \(outcome)") }
        let text = try Data(contentsOf: SmallModels.folder.appendingPathComponent("valid.txt"))
        #expect(try number("words") == 100 && number("bytes") == Double(text.count), "10 lines of 9 words")
        for (name, count) in [("word_perplexity", "words"), ("byte_perplexity", "bytes")] {
            let expected = pow(try number("perplexity"), try number("tokens") / number(count))
            #expect(try abs(number(name) / expected - 1) < 1e-9, "\(name): \(outcome)")
        }
        let plain = try SmallModels.shell("$R evaluate --checkpoint \(unit)/best.safetensors --data valid.txt").output
        #expect(plain.contains(" bits per token; perplexity ") && plain.contains(" by word, "), "\(plain)")
    }

    @Test("After an empty first line, the first word is scored, with the surprisal that score prints")
    func emptyFirstLine() throws {
        func evaluated(_ text: String) throws -> [String: String] {
            let outcome = try SmallModels.shell(
                "printf '\(text)' | $R evaluate --checkpoint word/best.safetensors --json --data -")
            #expect(outcome.status == 0, "\(outcome)")
            return RunLog.fields(of: outcome.output.trimmingCharacters(in: .newlines))
        }
        let (plain, after) = (try evaluated("the cat sat\\n"), try evaluated("\\nthe cat sat\\n"))
        #expect(plain["tokens"] == "3" && after["tokens"] == "4", "\(plain), \(after)")
        let scores = try SmallModels.shell(
            "printf '\\nthe cat sat\\n' | $R score --carry-state --checkpoint word/best.safetensors --data -")
        let rows = scores.lines.dropFirst().map { $0.split(separator: "\t").map(String.init) }
        #expect(rows.map { $0[2] } == ["the", "cat", "sat", "<eos>"], "\(scores)")
        let mean = rows.compactMap { Double($0[3]) }.reduce(0, +) / 4
        let bits = try #require(after["bits_per_token"].flatMap { Double($0) })
        #expect(abs(mean / bits - 1) < 1e-9, "\(after), \(scores)")
    }

    @Test("A run's folder selects its best model")
    func runFolder() throws {
        let folder = try SmallModels.shell("$R evaluate --checkpoint char --data valid.txt")
        #expect(
            try folder.output == SmallModels.shell("\(Self.command) --data valid.txt").output && folder.status == 0, "\(folder)")
        #expect(folder.errors == "rnntrain: note: --checkpoint char is a run folder; using char/best.safetensors.\n")
    }
}
