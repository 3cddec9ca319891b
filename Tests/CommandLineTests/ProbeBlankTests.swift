import Foundation
import TestSupport
import Testing

@Suite("The blank after the last word of a probe")
struct ProbeBlankTests {
    @Test("A match of a regular expression may contain it, also if other matches are a blank with the word after it")
    func finalBlank() throws {
        let scratch = try ScratchFolder()
        let sentences = "the cat sat on\nthe cat mat on\n"
        // In the third line, " o" is a blank with the word after it.
        try Data(String(repeating: sentences + "cats on\n", count: 40).utf8).write(
            to: URL(fileURLWithPath: scratch.file("train.txt")))
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --tokens regex --token-pattern '..|.'"
        func shell(_ command: String) throws -> [[String]] {
            let outcome = try SmallModels.shell("cd '\(scratch.path)' && \(command)")
            try #require(outcome.status == 0, "\(outcome)")
            return outcome.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        }
        _ = try shell("$R --train train.txt --valid train.txt --run blanks \(small)")
        let words = try shell("head -n 2 train.txt | $R score --checkpoint blanks --data - --format words")
        let bits = words.filter { $0[1] == "3" }.map { $0[3] }
        let pair = #"{"one_prefix_prefix":"the cat","one_prefix_word_good":"sat","one_prefix_word_bad":"mat"}"#
        let items = try shell("echo '\(pair)' | $R probe --checkpoint blanks --pairs - --format blimp --items")
        #expect(bits.count == 2 && items.last?.suffix(2) == bits[...], "\(items) \(words)")
    }
}
