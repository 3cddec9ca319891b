import Foundation
import TestSupport
import Testing

/// Texts whose line feed is not in the vocabulary, and lines of which nothing is left.
@Suite("line feeds outside the vocabulary")
struct LineFeedTests {
    /// A model of characters that was trained on a text of one line, without a line feed.
    private static let trained = Result {
        let scratch = try ScratchFolder()
        try scratch.write(String(repeating: "the cat sat on a mat ", count: 20), to: "train.txt")
        try scratch.write("the mat sat on a cat ", to: "valid.txt")
        let options = ["--train", "train.txt", "--valid", "valid.txt", "--run", "run", "--tokens", "char"]
        let small = ["--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "1"]
        let outcome = try ProcessRunner.rnntrain(options + small, in: scratch.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return scratch
    }

    private func shell(_ command: String) throws -> ProgramRun {
        try ProcessRunner.run(
            "/bin/sh", ["-c", command], in: Self.trained.get().folder, environment: ["R": ProcessRunner.program])
    }

    /// The sums of the lines of a JSON output.
    private func sums(_ outcome: ProgramRun) -> [String] {
        outcome.output.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /"surprisal_nats":([-0-9.e]+),"oovs"/).map { "\($0.1)" }
        }
    }

    @Test("rescore and probe score such lines without a line end, as score does the line by itself")
    func sentences() throws {
        let list = try shell("printf 'u-1 the cat\\nu-2\\nu-3 a\\n' | $R rescore --checkpoint run --nbest - --format kaldi")
        let single = try ["the cat", "a"].map { text in
            sums(try shell("printf '\(text)' | $R score --checkpoint run --data - --format json --base e")).first
        }
        let costs = list.output.split(separator: "\n").map { "\($0.split(separator: "\t")[1])" }
        #expect(list.status == 0 && costs.count == 3 && costs[0] == single[0] && costs[2] == single[1], "\(list)")
        #expect(Double(costs[1]) == 0 && list.errors.contains("0 of 8 tokens unknown"), "\(list)")
        let pair = "{\"sentence_good\":\"the cat\",\"sentence_bad\":\"the the\",\"UID\":\"u\"}"
        let probe = try shell("echo '\(pair)' > p.jsonl; $R probe --checkpoint run --pairs p.jsonl --items")
        #expect(probe.status == 0 && probe.output.contains("\tsentence\t"), "\(probe)")
    }

    @Test("A skipped line feed ends its line, and a last line of skipped characters is a line")
    func skipped() throws {
        let options = "--checkpoint run --data - --skip-unknown --format json --base e"
        let both = try shell("printf 'the cat\\nmat\\n☃' | $R score \(options)")
        let each = try ["the cat", "mat"].compactMap { sums(try shell("printf '\($0)' | $R score \(options)")).first }
        #expect(both.status == 0 && sums(both).count == 3, "\(both)")
        #expect(Array(sums(both).prefix(2)) == each && Double(sums(both)[2]) == 0, "\(both)")
        #expect(both.output.contains("\"lines\":3"), "\(both)")
        let none = try shell("printf '☃\\n☃' | $R score \(options)")
        #expect(none.status == 65 && none.output.isEmpty, "\(none)")
        for format in ["tsv", "kenlm", "srilm", "lm-zoo"] {
            let outcome = try shell("printf '☃\\nmat\\n☃' | $R score --checkpoint run --data - --skip-unknown --format \(format)")
            #expect(outcome.status == 0 && !outcome.output.contains("nan"), "\(outcome)")
        }
        let ends = try shell("printf 'the cat\\nmat' | $R score --checkpoint run --data - --skip-unknown --format words")
        let rows = ends.output.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        #expect(rows.map { "\($0[2]) \($0[3] == "NA") \($0[4])" } == ["the false 0", "cat true 1", "mat false 0"], "\(ends)")
        let words = try shell("printf 'the cat\\nmat\\n' | $R score --checkpoint run --data -")
        #expect(words.status == 65 && words.errors.contains("U+000A at byte 7 "), "\(words)")
    }

    @Test("rescore refuses a character outside the vocabulary, unless it is to be skipped; messages name line, text and byte")
    func unknown() throws {
        let rescore = "printf 'u-1 a mat\\nu-2 the ☃\\n' | $R rescore --checkpoint run --nbest - --format kaldi"
        let refused = try shell(rescore)
        #expect(refused.status == 65 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("the standard input: line 2, text 'the ☃': the character \"☃\" (U+2603) at byte 4 "))
        #expect(refused.errors.contains("with --skip-unknown"), "\(refused)")
        let skipped = try shell("\(rescore) --skip-unknown")
        #expect(
            skipped.status == 0 && skipped.errors.contains("the first is \"☃\" at byte 4 of line 2, text 'the ☃'."),
            "\(skipped)")
        let integers = """
            for i in 1 2 3 4 5 6 7 8; do echo '1 2 3 4 5 6 7 8 9'; done > i.txt
            $R --train i.txt --valid i.txt --run i --tokens integers --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 || exit 99
            printf 'u-1 1 2\\nu-2 3 x 4\\n' | $R rescore --checkpoint i --nbest - --format kaldi
            """
        let word = try shell(integers)
        #expect(word.status == 65 && word.errors.contains("the standard input: line 2, text '3 x 4': "), "\(word)")
        #expect(word.errors.contains(" at byte 2 "), "\(word)")
        let probe = try shell("printf 'The (1) x 2/3\\n' > t.txt; $R probe --checkpoint i --pairs t.txt")
        #expect(probe.status == 65 && probe.errors.contains("t.txt: line 1, text 'The 1 x "), "\(probe)")
    }
}
