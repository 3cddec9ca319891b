import Foundation
import TestSupport
import Testing

/// Lines that are texts of their own, in a text that does not end with a line feed.
@Suite("The last line without a line feed is read as the others", .serialized)
struct LastLineTests {
    private static let size =
        "--layers 1 --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 2 --learning-rate 0.02"

    private func shell(_ command: String) throws -> ProgramRun {
        let outcome = try SmallModels.shell(command)
        try #require(outcome.status == 0, "\(outcome)")
        return outcome
    }

    /// The options of a unit of which a line feed is a token like any other.
    private static let units = ["char", "byte", "regex --token-pattern '\\w+|[^\\w\\n]'"]

    @Test("score: its tokens, and the end of its last word", arguments: units)
    func score(unit: String) throws {
        let name = "last-\(unit.prefix(4))"
        _ = try shell("$R --train train.txt --valid valid.txt --run \(name) --tokens \(unit) \(Self.size)")
        for format in ["tsv", "words", "json"] {
            let figures = try ["the cat sat\\n", "the cat sat"].map { text in
                try shell("printf '\(text)' | $R score --checkpoint \(name) --data - --format \(format)").output
                    .replacing(/,"bytes":\d+,"byte_perplexity":[^,}]+/, with: "")
            }
            #expect(figures[0] == figures[1] && !figures[0].isEmpty)
        }
        // As one stream, the text has what it has.
        let stream = try shell("printf 'the cat sat' | $R score --checkpoint \(name) --data - --carry-state --format tsv").output
        let whole = try shell("printf 'the cat sat\\n' | $R score --checkpoint \(name) --data - --carry-state --format tsv")
            .output
        #expect(whole.hasPrefix(stream) && whole.split(separator: "\n").count == stream.split(separator: "\n").count + 1)
    }

    @Test(
        "A model of lines trains on it, tests it, and evaluates it, with the same figures as with the line feed", arguments: units
    )
    func training(unit: String) throws {
        let name = "lines-\(unit.prefix(4))"
        _ = try shell(
            "mkdir -p \(name); for t in train valid; do cp $t.txt \(name)/$t.full; head -c -1 $t.txt >\(name)/$t.cut; done; cp \(name)/valid.cut \(name)/test.cut; cp \(name)/valid.full \(name)/test.full"
        )
        let ends = try ["full", "cut"].map { form in
            let texts = ["train", "valid", "test"].map { "--\($0) \(name)/\($0).\(form)" }.joined(separator: " ")
            let run = try shell("$R \(texts) --run \(name)/\(form)-run --tokens \(unit) --batching sentences \(Self.size)")
            return run.output.split(separator: "\n").filter { $0.hasPrefix("  last ") || $0.hasPrefix("  test ") }
        }
        #expect(ends[0] == ends[1] && ends[0].count == 2, "\(ends)")
        let figures = try ["full", "cut"].map { form in
            try shell("$R evaluate --checkpoint \(name)/full-run --data \(name)/test.\(form) --json").output
                .firstMatch(of: /"tokens":\d+,"loss":[0-9.]+/).map { String($0.output) }
        }
        #expect(figures[0] != nil && figures[0] == figures[1], "\(figures)")
        let dry = try shell(
            "$R --train \(name)/train.cut --valid \(name)/valid.cut --run none --dry-run --tokens \(unit) --batching sentences \(Self.size)"
        )
        let full = try shell(
            "$R --train \(name)/train.full --valid \(name)/valid.full --run none --dry-run --tokens \(unit) --batching sentences \(Self.size)"
        )
        let texts = [dry, full].map { $0.output.split(separator: "\n").filter { $0.hasPrefix("  text ") } }
        #expect(texts[0] == texts[1] && texts[0].count == 1, "\(texts)")
    }

    @Test(
        "The counts of the vocabulary contain it, so that outputs that depend on them train the same parameters", arguments: units
    )
    func counts(unit: String) throws {
        let name = "counts-\(unit.prefix(4))"
        _ = try shell("mkdir -p \(name); cp train.txt \(name)/full; head -c -1 train.txt >\(name)/cut")
        let runs = try ["full", "cut"].map { form in
            let run = try shell(
                "$R --train \(name)/\(form) --valid valid.txt --run \(name)/\(form)-run --tokens \(unit) --batching sentences --output sampled --samples 4 \(Self.size)"
            )
            let vocabulary = try shell("cat \(name)/\(form)-run/vocabulary.json").output
            return vocabulary + (run.output.firstMatch(of: /digest [0-9a-f]+/).map { String($0.output) } ?? "none")
        }
        #expect(runs[0] == runs[1] && !runs[0].hasSuffix("none"))
    }

    @Test(
        "If the vocabulary has no line feed, rescore scores the text of a hypothesis alone, also with <unk>",
        arguments: ["char", "regex --token-pattern ."])
    func withoutLineFeed(unit: String) throws {
        let name = "one-\(unit.prefix(4))"
        _ = try shell(
            "{ tr '\\n' ' ' <train.txt; printf '#'; } >\(name).txt; $R --train \(name).txt --valid \(name).txt --run \(name) --tokens \(unit) --minimum-count 2 \(Self.size)"
        )
        let total = try shell(
            "printf 'u-1 the man\\n' >\(name).list; $R rescore --checkpoint \(name) --nbest \(name).list --format kaldi"
        )
        .output.split(separator: "\t").last.flatMap { Double($0.prefix { $0 != "\n" }) }
        let rows = try shell("printf 'the man' | $R score --checkpoint \(name) --data - --base e").output.split(separator: "\n")
            .dropFirst()
        let sum = rows.compactMap { Double($0.split(separator: "\t")[3]) }.reduce(0, +)
        #expect(rows.count >= 7 && abs((total ?? 0) - sum) < 1e-6, "\(total ?? 0) \(sum) \(rows)")
    }

    @Test("A classifier gives it the same label, and its evaluation and test are the same", arguments: ["char", "byte"])
    func classifier(unit: String) throws {
        let name = "labels-\(unit)"
        _ = try shell(
            "awk '{ print (NR % 3 ? \"a\" : \"b\") \"\\t\" $0 }' train.txt >\(name).full; head -c -1 \(name).full >\(name).cut; tail -n 4 \(name).full >\(name)-test.full; head -c -1 \(name)-test.full >\(name)-test.cut"
        )
        let ends = try ["full", "cut"].map { form in
            let run = try shell(
                "$R --task classifier --train \(name).\(form) --valid \(name).\(form) --test \(name)-test.\(form) --run \(name)-\(form) --tokens \(unit) \(Self.size)"
            )
            return run.output.split(separator: "\n").filter { $0.hasPrefix("  last ") || $0.hasPrefix("  test ") }
        }
        #expect(ends[0] == ends[1] && ends[0].count == 2, "\(ends)")
        let figures = try ["full", "cut"].map { form in
            try shell("$R evaluate --checkpoint \(name)-full --data \(name)-test.\(form) --json").output
                + shell(
                    "cut -f 2 \(name)-test.\(form) | head -c \(form == "cut" ? "-1" : "-0") | $R classify --checkpoint \(name)-full --data -"
                ).output
        }
        #expect(figures[0] == figures[1], "\(figures)")
    }
}
