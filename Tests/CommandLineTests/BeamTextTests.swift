import Foundation
import TestSupport
import Testing

/// Texts that several sequences of tokens spell, or that a stop string makes equal.
@Suite("generate: each text of a beam once")
struct BeamTextTests {
    private func generate(_ run: String, _ options: String) throws -> ProgramRun {
        let outcome = try SmallModels.shell("$R generate --checkpoint \(run) \(options)")
        #expect(outcome.status == 0, "\(outcome)")
        return outcome
    }

    @Test(
        "Texts that a stop string makes equal are one text, with the log P of the most probable one, and push no other out of the beam"
    )
    func stopped() throws {
        let words = ["the", "cat", "sat", "größe", "on", "mat"]
        let lines = [""] + words + words.flatMap { first in words.map { "\(first) \($0)" } }
        let scored = try SmallModels.shell(
            "printf '\(lines.map { $0 + "\\n" }.joined())' | $R score --checkpoint word --data - --base e")
        var sums = [Double](repeating: 0, count: lines.count)
        for row in scored.output.split(separator: "\n").dropFirst() {
            let fields = row.split(separator: "\t").map(String.init)
            if Int(fields[1]) ?? 0 <= 2 { sums[(Int(fields[0]) ?? 0) - 1] += Double(fields[3]) ?? .nan }
        }
        /// The smallest sum of each text before a blank.
        var best: [String: Double] = [:]
        for (line, sum) in zip(lines, sums) {
            let text = String(line.prefix { $0 != " " })
            best[text] = min(best[text] ?? .infinity, sum)
        }
        let expected = best.sorted { $0.value < $1.value }.map { $0.key + "\n" }.joined()
        for options in ["--length 2 --beam 7", "--length 2 --beam 50", "--length 4 --beam 7"] {
            #expect(try generate("word", "--stop ' ' --samples 7 \(options)").output == expected, "\(options)")
        }
        let fewer = try generate("word", "--stop ' ' --samples 8 --beam 8 --length 2")
        #expect(fewer.output == expected && fewer.errors.contains("only 7 lines of at most 2 tokens exist."), "\(fewer)")
    }

    /// A model whose tokens `aa`, `ab`, `a`, `b` spell a text in several ways.
    private static let spelled = Result {
        try SmallModels.write("spelled.txt", String(repeating: "aabab\nabaab\na\nbb\naaa\n", count: 20))
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        let outcome = try SmallModels.shell(
            "$R --train spelled.txt --valid spelled.txt --run spelled --tokens regex --token-pattern 'aa|ab|a|b' \(small)")
        try #require(outcome.status == 0, "\(outcome)")
    }

    @Test("Texts of different tokens are one text when they have ended")
    func spelled() throws {
        try Self.spelled.get()
        let texts: Set<String> = [
            "", "a", "b", "aa", "ab", "aaaa", "aaab", "aaa", "aab", "abaa", "abab", "aba", "abb", "baa", "bab", "ba", "bb",
        ]
        let all = try generate("spelled/best.safetensors", "--length 2 --samples 25 --beam 25")
        #expect(all.errors.contains("only 17 lines of at most 2 tokens exist."), "\(all)")
        let lines = all.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        #expect(lines.count == 17 && Set(lines) == texts, "\(all)")
        for width in [5, 9, 17] {
            let some = try generate("spelled/best.safetensors", "--length 2 --samples \(width) --beam \(width)")
            let found = some.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(found.count == width && Set(found).count == width && some.errors.isEmpty, "\(some)")
        }
        let penalty = try generate("spelled/best.safetensors", "--length 3 --samples 40 --beam 300 --length-penalty 2")
        let found = penalty.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(found.count == 40 && Set(found).count == 40, "\(penalty)")
    }

    @Test("A note tells that a full beam ended with fewer texts than --samples asks for")
    func fullBeam() throws {
        try Self.spelled.get()
        let stops = ["aa", "ab", "a\n", "ba", "bb", "b\n", "\n"].map { " --stop '\($0)'" }.joined()
        let options = "--separator = --samples 2 --beam 2 --length 2"
        let outcome = try generate("spelled/best.safetensors", options + stops)
        #expect(
            outcome.output.isEmpty
                && outcome.errors
                    == "rnntrain: note: --samples 2: the beam ended with only 1 text, because equal ones count once. A wider --beam may find more.\n",
            "\(outcome)")
    }
}
