import Foundation
import TestSupport
import Testing

@Suite("What probe reads and compares")
struct ProbeSumTests {
    @Test(
        "A match of a regular expression may contain the blank after the last word, also if other matches are a blank with the word after it"
    )
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

    @Test("A sentence is read with the blank at its end, as by score, also if blanks belong to the word after them")
    func blankAtTheEnd() throws {
        let scratch = try ScratchFolder()
        try Data(String(repeating: "the cat \nthe mat\n", count: 40).utf8).write(
            to: URL(fileURLWithPath: scratch.file("train.txt")))
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        let pair = #"{"sentence_good":"the cat ","sentence_bad":"the cat"}"#
        let outcome = try SmallModels.shell(
            """
            cd '\(scratch.path)' && $R --train train.txt --valid train.txt --run r \(small) --tokens regex --token-pattern ' ?[^ ]+| ' >log
            echo '\(pair)' | $R probe --checkpoint r --pairs - --format blimp --items | tail -n 1 | awk '{ printf "%.2f\\n%.2f\\n", $(NF - 1), $NF }'
            printf 'the cat \\nthe cat\\n' | $R score --checkpoint r --data - |
                awk -F '\\t' 'NR > 1 { sums[$1] += $4 } END { printf "%.2f\\n%.2f\\n", sums[1], sums[2] }'
            """)
        let bits = outcome.output.split(separator: "\n")
        #expect(outcome.status == 0 && bits.count == 4 && bits[0] != bits[1] && bits[0...1] == bits[2...3], "\(outcome)")
    }

    @Test("Unknown words that a formula cannot depend on are not among those that the model reads")
    func unknownElsewhere() throws {
        func region(_ number: Int, _ text: String) -> String { #"{"region_number":\#(number),"content":"\#(text)"}"# }
        func count(unknownIn place: String) throws -> String? {
            let text = { (name: String) in name == place ? "glorp" : "cat" }
            let conditions = ["a", "b", "c"].map { name in
                let regions = [region(1, "the \(text(name + "1"))"), region(2, "sat"), region(3, "on \(text(name + "3"))")]
                return #"{"condition_name":"\#(name)","regions":[\#(regions.joined(separator: ","))]}"#
            }
            let suite =
                #"{"predictions":[{"type":"formula","formula":"(2;%a%) < (2;%b%)"}],"items":[{"item_number":1,"conditions":["#
                + conditions.joined(separator: ",") + "]}]}"
            let outcome = try SmallModels.shell(
                "echo '\(suite)' | $R probe --checkpoint word --pairs - --format syntaxgym --json")
            try #require(outcome.status == 0, "\(outcome)")
            #expect(outcome.errors.contains("glorp") == outcome.output.contains("\"reads_unknown\":1"), "\(outcome)")
            return outcome.output.firstMatch(of: /"reads_unknown":([0-9]+)/).map { String($0.1) }
        }
        for place in ["a1", "b1"] { #expect(try count(unknownIn: place) == "1", "\(place)") }
        for place in ["a3", "b3", "c1", "c3"] { #expect(try count(unknownIn: place) == "0", "\(place)") }
    }

    @Test("The same words in another order are a tie for a model that does not read their order")
    func rounding() throws {
        let scratch = try ScratchFolder()
        let words = ["a", "b b", "c c c", "d d d d d", "e e e e e e e"]
        try Data((words + words.prefix(3)).map { $0 + "\n" }.joined().utf8).write(
            to: URL(fileURLWithPath: scratch.file("train.txt")))
        let orders = ["a b c d e", "e d c b a", "b d a e c", "c e b a d", "d a e c b", "e b d c a"]
        let pairs = orders.dropFirst().map { #"{"sentence_good":"\#(orders[0])","sentence_bad":"\#($0)"}"# }.joined(
            separator: "\n")
        let items = try SmallModels.shell(
            "cd '\(scratch.path)' && $R ngram --order 1 --train train.txt --arpa u.arpa && echo '\(pairs)' | "
                + "$R probe --checkpoint u.arpa --pairs - --format blimp --items")
        let ties = items.output.split(separator: "\n").filter { $0.contains("\ttie\t") }
        #expect(items.status == 0 && ties.count == 5, "\(items)")
        let list = orders.enumerated().map { "u-\($0) \($1)" }.joined(separator: "\n")
        let totals = try SmallModels.shell(
            "cd '\(scratch.path)' && echo '\(list)' | $R rescore --checkpoint u.arpa --nbest - --format kaldi | cut -f 2 | sort -u"
        )
        #expect(totals.status == 0 && totals.output.split(separator: "\n").count == 1, "\(totals)")
    }
}
