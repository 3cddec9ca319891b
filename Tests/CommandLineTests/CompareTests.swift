import Foundation
import TestSupport
import Testing

/// Two models on one text.
@Suite("compare")
struct CompareTests {
    private struct Figures: Decodable {
        let units: Int
        let loss_a, loss_b, perplexity_a, perplexity_b, difference: Double
        let low, high: Double?
        let a_better, b_better, equal, lines, oovs_a, oovs_b: Int
        let compared_by: String
        let configuration: [[String: String]]
    }

    private func compare(_ arguments: String) throws -> Figures {
        let outcome = try SmallModels.shell("$R compare \(arguments) --json")
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
    }

    /// A second model with the vocabulary of `word`.
    private static let other = Result {
        let outcome = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --run other --hidden-size 6 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --seed 2"
        )
        try #require(outcome.status == 0, "\(outcome)")
    }

    private struct Evaluated: Decodable {
        let loss, perplexity: Double
        let word_perplexity, byte_perplexity: Double?
    }

    private func evaluated(_ model: String) throws -> Evaluated {
        let outcome = try SmallModels.shell("$R evaluate --checkpoint \(model) --data valid.txt --json")
        return try JSONDecoder().decode(Evaluated.self, from: Data(outcome.output.utf8))
    }

    @Test("The losses and perplexities are those of evaluate to the bit, and the interval contains the difference")
    func figures() throws {
        try Self.other.get()
        let figures = try compare("word other --data valid.txt")
        let (a, b) = (try evaluated("word"), try evaluated("other"))
        #expect(figures.loss_a == a.loss && figures.loss_b == b.loss && figures.difference == a.loss - b.loss)
        #expect(figures.perplexity_a == a.perplexity && figures.perplexity_b == b.perplexity)
        #expect(figures.units == 99 && figures.lines == 10 && figures.a_better + figures.b_better + figures.equal == 99)
        let (low, high) = (try #require(figures.low), try #require(figures.high))
        #expect(low < figures.difference && figures.difference < high && figures.compared_by == "token")
        #expect(figures.configuration.map { $0["key"] ?? "" }.sorted() == ["hidden-size", "seed"])
        let swapped = try compare("other word --data valid.txt")
        #expect(swapped.difference == -figures.difference && swapped.a_better == figures.b_better)
    }

    @Test(
        "Vocabularies with the same words or characters in another order are compared by token, others are not",
        arguments: ["word", "char"])
    func orders(unit: String) throws {
        let small = "--hidden-size 6 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --tokens \(unit)"
        let outcome = try SmallModels.shell(
            """
            { cat train.txt; for i in 1 2 3 4 5 6 7 8; do sed 's/the/mat/g' train.txt; done; } >order-\(unit).txt
            $R --train order-\(unit).txt --valid valid.txt --run order-\(unit) \(small) >/dev/null || exit 1
            $R compare \(unit) order-\(unit) --data valid.txt --json || exit 2
            sed 's/cat/dog/g' train.txt >other-\(unit).txt
            $R --train other-\(unit).txt --valid other-\(unit).txt --run fewer-\(unit) \(small) >/dev/null || exit 3
            $R compare \(unit) fewer-\(unit) --data valid.txt; [ $? = 64 ] || exit 4
            """)
        #expect(outcome.status == 0 && outcome.errors.contains("have different vocabularies"), "\(outcome)")
        let loss = try SmallModels.shell("$R evaluate --checkpoint order-\(unit) --data valid.txt --json").output
        #expect(outcome.output.contains(try #require(loss.firstMatch(of: /"loss":([0-9.]+)/)).1), "\(outcome)")
    }

    @Test(
        "A last line without a line feed counts with its line end, if the models would score it otherwise",
        arguments: ["word", "byte", "token"])
    func lastLine(unit: String) throws {
        let small = "--hidden-size 6 --embedding-size 8 --batch-size 4 --epochs 1 --tokens char"
        let outcome = try SmallModels.shell(
            """
            head -c -1 valid.txt >cut-\(unit).txt
            $R --train train.txt --valid valid.txt --run lines-\(unit) \(small) --batching sentences || exit 1
            { tr '\\n' ' ' <train.txt; printf '#'; } >one-\(unit).txt
            $R --train one-\(unit).txt --valid one-\(unit).txt --run one-\(unit) \(small) --minimum-count 2 || exit 2
            """)
        try #require(outcome.status == 0, "\(outcome)")
        // The vocabulary of the last model lacks the line feed, which is then <unk>.
        let others = unit == "token" ? [] : ["char word", "one-\(unit) word", "word one-\(unit)"]
        for models in ["char lines-\(unit)", "lines-\(unit) char"] + others {
            let figures = try ["valid.txt", "cut-\(unit).txt"].map { try compare("\(models) --data \($0) --by \(unit)") }
            #expect(figures[0].loss_a == figures[1].loss_a && figures[0].loss_b == figures[1].loss_b, "\(models): \(figures)")
            #expect(figures[0].low == figures[1].low && figures[0].units == figures[1].units, "\(models): \(figures)")
        }
    }

    @Test("Models of bytes read a byte-order mark: it counts as in evaluate")
    func byteOrderMark() throws {
        try SmallModels.write("bytemark.txt", "\u{FEFF}the cat\nsat on\n")
        let small = "--hidden-size 6 --embedding-size 8 --batch-size 4 --epochs 1 --tokens byte --batching sentences"
        for seed in 1...2 {
            let outcome = try SmallModels.shell(
                "$R --train train.txt --valid valid.txt --run marked\(seed) --seed \(seed) \(small)")
            try #require(outcome.status == 0, "\(outcome)")
        }
        let evaluated = try SmallModels.shell("$R evaluate --checkpoint marked1 --data bytemark.txt --json")
        #expect(evaluated.output.contains("\"bytes\":18,"), "\(evaluated)")
        #expect(try compare("marked1 marked2 --data bytemark.txt --by byte").units == 18)
    }

    @Test("Equal options give equal bytes, and other seeds another interval")
    func determinism() throws {
        try Self.other.get()
        let command = "$R compare word other --data valid.txt"
        let first = try SmallModels.shell(command)
        #expect(first.status == 0 && first.output.contains("\nconfiguration  A  B\n"), "\(first)")
        #expect(try SmallModels.shell("\(command) < /dev/null").output == first.output)
        #expect(
            try SmallModels.shell("$R compare word other --data - < valid.txt").output
                == first.output.replacing("valid.txt", with: "the standard input"))
        #expect(try SmallModels.shell("\(command) --seed 2").output != first.output)
        #expect(try SmallModels.shell("\(command) --resamples 100").output.contains("; 100 resamples of 10 lines, seed 1"))
        let same = try compare("word word --data valid.txt")
        #expect(same.equal == 99 && same.low == 0 && same.high == 0 && same.configuration.isEmpty)
    }

    @Test("A key that a resume has changed has all values with which the model of a run folder was trained")
    func changedKeys() throws {
        let small = "--train train.txt --valid valid.txt --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8"
        let trained = try SmallModels.shell(
            "$R \(small) --run changed --epochs 1 --learning-rate 0.002 && cp -r changed/checkpoints first && "
                + "$R --run changed --resume --epochs 2 --learning-rate 0.01 && "
                + "$R --run changed --resume --learning-rate 0.7 && $R \(small) --run unchanged --epochs 2 --learning-rate 0.01")
        try #require(trained.status == 0, "\(trained)")
        let folders = try compare("changed unchanged --data valid.txt").configuration
        #expect(
            folders == [
                ["key": "learning-rate", "a": "0.002, 0.01", "b": "0.01"], ["key": "epochs", "a": "1, 2", "b": "2"],
            ], "\(folders)")
        // A log that cannot be read.
        let unread = try SmallModels.shell(
            "mv changed/metrics.jsonl log && mkdir changed/metrics.jsonl && $R compare changed unchanged --data valid.txt; "
                + "rmdir changed/metrics.jsonl && mv log changed/metrics.jsonl")
        #expect(unread.status == 0 && unread.output.contains("configuration: equal"), "\(unread)")
        #expect(unread.errors.contains("those of the job that saved the model."), "\(unread)")
        // The last job abandons the steps of the second one. Its own learning rate is too high to improve on them.
        let abandoned = try SmallModels.shell(
            "rm -r changed/checkpoints && mv first changed/checkpoints && "
                + "$R --run changed --resume --learning-rate 5 --max-rollbacks 0 --max-bad-steps 999")
        #expect(abandoned.output.contains("  kept  "), "\(abandoned)")
        #expect(try compare("changed unchanged --data valid.txt").configuration == folders, "\(abandoned)")
        // The newest checkpoint has the learning rate of the last job, which trains no step.
        let idle = try SmallModels.shell(
            "cp -r unchanged idle && $R --run idle --resume --learning-rate 0.7 && rm idle/best.safetensors")
        #expect(try compare("idle unchanged --data valid.txt").configuration.isEmpty, "\(idle)")
        // A file says with which values the model was saved.
        let files = try compare("changed/best.safetensors unchanged/best.safetensors --data valid.txt").configuration
        #expect(files.isEmpty, "\(files)")
    }

    @Test("Different vocabularies are refused with advice, and compared by word or byte")
    func vocabularies() throws {
        let refused = try SmallModels.shell("$R compare word char --data valid.txt")
        #expect(
            refused.status == 64 && refused.output.isEmpty && refused.errors.contains("Use --by byte or --by word: "),
            "\(refused)")
        let bytes = try compare("word char --data valid.txt --by byte")
        let words = try compare("word char --data valid.txt --by word")
        let text = try String(contentsOf: SmallModels.folder.appending(path: "valid.txt"), encoding: .utf8)
        let lines = text.split(separator: "\n").dropFirst()
        #expect(bytes.units == lines.reduce(0) { $0 + $1.utf8.count + 1 } && words.units == 90 && words.lines == 9)
        #expect(abs(bytes.loss_a * Double(bytes.units) - words.loss_a * 90) < 1e-9 && words.compared_by == "line")
        #expect(words.a_better + words.b_better + words.equal == 9)
    }

    @Test(
        "OOVs are those of what is compared: not of the first line or the first token, where one of the models does not score it")
    func unknownTokens() throws {
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        let trained = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --run separate --batching sentences \(small)")
        try #require(trained.status == 0, "\(trained)")
        try SmallModels.write("unknown.txt", "zz the yy\ncat zz sat\non the mat\n")
        for by in ["word", "byte"] {
            let figures = try compare("word separate --data unknown.txt --by \(by)")
            #expect(figures.oovs_a == 1 && figures.oovs_b == 1 && figures.lines == 2, "\(figures)")
            let scored = try compare("separate separate --data unknown.txt --by \(by)")
            #expect(scored.oovs_a == 3 && scored.oovs_b == 3 && scored.lines == 3, "\(scored)")
            let outcome = try SmallModels.shell("$R compare word separate --data unknown.txt --by \(by)")
            #expect(outcome.status == 0 && outcome.errors.contains(": 1 token of A and 1 token of B are outside"), "\(outcome)")
        }
        for models in ["word separate", "separate word"] {
            let figures = try compare("\(models) --data unknown.txt")
            #expect(figures.oovs_a == 2 && figures.oovs_b == 2 && figures.units == 11, "\(figures)")
        }
        #expect(try compare("separate separate --data unknown.txt").oovs_a == 3)
    }

    @Test("Words and bytes are those of evaluate: without a byte-order mark, and with the line feeds that the file has")
    func extents() throws {
        let trained = try SmallModels.shell(
            "$R --train train.txt --valid valid.txt --run sentences --batching sentences --hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        )
        try #require(trained.status == 0, "\(trained)")
        try SmallModels.write("marked.txt", "\u{FEFF}\nthe cat sat\non the")
        let evaluated = try SmallModels.shell("$R evaluate --checkpoint sentences --data marked.txt --json")
        #expect(evaluated.output.contains("\"words\":8,") && evaluated.output.contains("\"bytes\":19,"), "\(evaluated)")
        #expect(try compare("sentences sentences --data marked.txt --by word").units == 8)
        #expect(try compare("sentences sentences --data marked.txt --by byte").units == 19)
        let one = try SmallModels.shell("echo 'the cat' | $R compare word sentences --data - --by word")
        #expect(
            one.status == 65 && one.errors.contains("no line is left to compare. Give a text of two lines or more."), "\(one)")
    }

    @Test("An ARPA file is a model, with the loss of evaluate and without a configuration")
    func nGrams() throws {
        let counted = try SmallModels.shell("$R ngram --order 2 --train train.txt --arpa compared.arpa")
        try #require(counted.status == 0, "\(counted)")
        let same = try compare("compared.arpa compared.arpa --data valid.txt")
        let alone = try evaluated("compared.arpa")
        #expect(same.loss_a == alone.loss && same.perplexity_a == alone.perplexity)
        let perWord = try compare("compared.arpa compared.arpa --data valid.txt --by word")
        #expect(perWord.perplexity_a == alone.word_perplexity)
        #expect(same.units == 100 && same.equal == 100 && same.configuration.isEmpty)
        let words = try compare("word compared.arpa --data valid.txt --by word")
        #expect(words.units == 90 && words.loss_b < words.loss_a, "the bigrams know the text better than the small network")
        let probed = try SmallModels.shell(
            "echo 'the (cat) sat/on' | $R probe --checkpoint compared.arpa --pairs - --format templates")
        #expect(probed.status == 0 && probed.output.contains("\ndistance 0 "), "\(probed)")
    }

    @Test("A text of one line has no interval, and an absent model or text ends with status 66")
    func limits() throws {
        let one = try SmallModels.shell("head -n 1 valid.txt | $R compare word word --data - --json")
        #expect(
            one.status == 0 && one.output.contains("\"low\":null,\"high\":null")
                && one.errors.contains("only one line is compared"),
            "\(one)")
        let missing = try SmallModels.shell("$R compare word none --data valid.txt")
        #expect(missing.status == 66 && missing.errors.contains("none: no such file. Check the path given with B"), "\(missing)")
        #expect(try SmallModels.shell("$R compare word word --data none").status == 66)
        #expect(try SmallModels.shell("$R compare word word --data valid.txt --resamples 3").status == 64)
    }
}
