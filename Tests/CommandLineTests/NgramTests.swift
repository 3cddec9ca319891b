import Foundation
import TestSupport
import Testing

/// `ngram`, and n-gram models in `evaluate` and `score`, by themselves and interpolated with a network.
@Suite("ngram", .serialized)
struct NgramTests {
    private struct Figures: Decodable {
        let loss: Double
    }

    /// The loss that `evaluate` prints with these options.
    private static func loss(_ options: String) throws -> Double {
        let outcome = try SmallModels.shell("$R evaluate --json \(options)")
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8)).loss
    }

    private static func write(_ name: String, _ options: String) throws {
        let outcome = try SmallModels.shell("$R ngram --train train.txt --arpa \(name) \(options)")
        try #require(outcome.status == 0, "\(outcome)")
    }

    @Test("One process, two ranks and one processor write the same bytes, and one report is printed")
    func sameBytes() throws {
        try Self.write("one.arpa", "--order 3")
        let one = try SmallModels.shell(
            "taskset -c 0 $R ngram --train train.txt --arpa core.arpa --order 3 && cmp one.arpa core.arpa")
        #expect(one.status == 0, "\(one)")
        let folder = try SmallModels.folder.path
        let ranks = try ProcessRunner.rnntrain(
            ranks: 2, ["ngram", "--train", "\(folder)/train.txt", "--arpa", "\(folder)/two.arpa", "--order", "3", "--json"])
        #expect(ranks.status == 0 && ranks.output.split(separator: "\n").count == 1, "\(ranks)")
        #expect(
            ranks.output.hasPrefix("{\"tokens\":600,\"lines\":60,\"vocabulary\":8,\"orders\":[{\"order\":1,\"ngrams\":9,"),
            "\(ranks)")
        #expect(try SmallModels.shell("cmp one.arpa two.arpa").status == 0)
    }

    @Test("The report names the tokens, the vocabulary, and the discounts of each order")
    func report() throws {
        let outcome = try SmallModels.shell("$R ngram --train train.txt --arpa report.arpa --order 2")
        #expect(outcome.status == 0)
        #expect(
            outcome.output.hasPrefix("report.arpa: 600 tokens in 60 lines, 8 words in the vocabulary\n1-grams: 9, discounts 0."))
        #expect(outcome.errors.contains("note: train.txt: too few n-grams with small counts"))
    }

    @Test("With all weight on the network, the figures of an interpolation are those of the network, and extreme ones are finite")
    func extremeNetwork() throws {
        try Self.write("extreme.arpa", "--order 2")
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1 --layers 1"
        let models = [
            ("extreme", "--cell elman --init-scale 1e3"), ("classes", "--cell elman --output class --init-scale 1e15"),
            ("tree", "--cell average --output hierarchical --init-scale 1e15"),
        ]
        for (name, options) in models {
            let trained = try SmallModels.shell(
                "$R --config /dev/null --train train.txt --valid valid.txt --run \(name) \(small) --init uniform \(options) "
                    + "--optimizer sgd --learning-rate 1e-20")
            try #require(trained.status == 0, "\(trained)")
        }
        let mixed = "--interpolate extreme.arpa --weight"
        let (one, both) = try (
            SmallModels.shell("$R score --checkpoint extreme --data valid.txt"),
            SmallModels.shell("$R score --checkpoint extreme --data valid.txt \(mixed) 1")
        )
        #expect(one.status == 0 && one.output == both.output && one.output.contains(/\t[0-9]{4}\./), "\(one) \(both)")
        for (name, _) in models {
            for options in ["", "\(mixed) 0.5", "\(mixed) 1"] {
                let outcome = try SmallModels.shell("$R score --checkpoint \(name) --data valid.txt \(options)")
                #expect(outcome.status == 0 && !outcome.output.contains(/-?(nan|inf)/), "\(outcome)")
            }
        }
    }

    @Test("Without weight, a network whose logits overflow changes nothing")
    func overflowingNetwork() throws {
        try Self.write("overflow.arpa", "--order 2")
        let trained = try SmallModels.shell(
            "$R --config /dev/null --train train.txt --valid valid.txt --run overflow --hidden-size 8 --embedding-size 8 --batch-size 4 "
                + "--layers 1 --cell elman --nonlinearity relu --init uniform --init-scale 1e30")
        #expect(trained.status == 64 && trained.errors.contains("diverged"), "\(trained)")
        let columns = "--data valid.txt --base e | cut -f 3,6"
        let (mixed, own) = try (
            SmallModels.shell(
                "$R score --checkpoint overflow/checkpoints/step-00000000.safetensors --interpolate overflow.arpa --weight 0 \(columns)"
            ),
            SmallModels.shell("$R score --checkpoint overflow.arpa \(columns)")
        )
        #expect(mixed.status == 0 && mixed.output == own.output && own.output.contains("\t3\n"), "\(mixed) \(own)")
    }

    @Test("The sum of score is the loss of evaluate to the last bit, and each format has the lines of the text")
    func scores() throws {
        try Self.write("score.arpa", "--order 4")
        let loss = try Self.loss("--checkpoint score.arpa --data valid.txt")
        let skipping = try SmallModels.shell("$R evaluate --checkpoint score.arpa --data valid.txt --skip-unknown --json")
        #expect(skipping.output.contains("\"skipped_characters\":0"), "\(skipping)")
        let table = try SmallModels.shell("$R score --checkpoint score.arpa --data valid.txt --base e")
        let rows = table.output.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        #expect(rows.count == 100 && table.errors.contains("valid.txt: 10 lines, 100 tokens"), "\(table)")
        #expect(try rows.reduce(0) { try $0 + #require(Double($1[3])) } / Double(rows.count) == loss)
        // Each surprisal is at least that of the most probable token, and the entropy at most that of the uniform distribution.
        #expect(rows.allSatisfy { (Double($0[4]) ?? 99) <= log(8.0) + 1e-6 && (1...8).contains(Int($0[5]) ?? 0) })
        for format in ["json", "lm-zoo", "srilm", "kenlm", "neural-complexity"] {
            let outcome = try SmallModels.shell("$R score --checkpoint score.arpa --data valid.txt --format \(format)")
            #expect(outcome.status == 0 && outcome.output.contains("the"), "\(outcome)")
        }
        let kenlm = try SmallModels.shell("echo the zebra | $R score --checkpoint score.arpa --data - --format kenlm")
        #expect(kenlm.output.contains("\tTotal: -") && kenlm.output.contains("OOVs:\t1\nTokens:\t3\n"), "\(kenlm)")
    }

    @Test("evaluate with an ARPA file alone has perplexities by word and by byte, of the size of the text")
    func sizes() throws {
        try Self.write("sizes.arpa", "--order 2")
        let outcome = try SmallModels.shell("$R evaluate --checkpoint sizes.arpa --data valid.txt --json")
        let fields = RunLog.fields(of: outcome.output.trimmingCharacters(in: .newlines))
        func number(_ name: String) throws -> Double { try #require(fields[name].flatMap { Double($0) }, "\(name) \(outcome)") }
        let text = try Data(contentsOf: SmallModels.folder.appendingPathComponent("valid.txt"))
        #expect(try number("words") == 100 && number("tokens") == 100 && number("bytes") == Double(text.count))
        #expect(try number("word_perplexity") == number("perplexity"))
        let byByte = exp(try number("loss") * 100 / Double(text.count))
        #expect(try abs(number("byte_perplexity") / byByte - 1) < 1e-12)
    }

    @Test("A tuned interpolation is no worse than either model on the tuning text; at weights 0 and 1 it is one of them")
    func interpolation() throws {
        try Self.write("mixed.arpa", "--order 2 --vocabulary word")
        let network = "--checkpoint word/best.safetensors --data"
        for text in ["valid.txt", "train.txt"] {
            let alone = try Self.loss("\(network) \(text)")
            let one = try Self.loss("\(network) \(text) --interpolate mixed.arpa --weight 1")
            let nGrams = try Self.loss("\(network) \(text) --interpolate mixed.arpa --weight 0")
            let half = try Self.loss("\(network) \(text) --interpolate mixed.arpa --weight 0.5")
            let tuned = try Self.loss("\(network) \(text) --interpolate mixed.arpa --tune \(text)")
            #expect(one == alone)
            #expect(tuned <= min(alone, nGrams, half), "\(tuned) \(alone) \(nGrams) \(half)")
            // All but the first token are those of the n-gram model alone.
            #expect(abs(try Self.loss("--checkpoint mixed.arpa --data \(text)") - nGrams) < 0.02)
        }
        let noted = try SmallModels.shell("$R evaluate \(network) valid.txt --interpolate mixed.arpa --tune valid.txt --json")
        #expect(
            noted.errors.contains("note: valid.txt: the weight of the network is 0")
                && noted.output.contains("\"network_weight\":0"))
    }

    @Test("score interpolates as evaluate does: the same sum with --carry-state, and a distribution whose ranks are in order")
    func interpolatedScores() throws {
        try Self.write("ranked.arpa", "--order 3 --vocabulary word")
        let options = "--checkpoint word/best.safetensors --data valid.txt --interpolate ranked.arpa --weight 0.25"
        let table = try SmallModels.shell("$R score \(options) --carry-state --base e")
        let rows = table.output.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        #expect(rows.count == 99, "\(table)")
        let mean = try rows.reduce(0) { try $0 + #require(Double($1[3])) } / Double(rows.count)
        let loss = try Self.loss(options)
        #expect(mean == loss)
        #expect(rows.allSatisfy { (Double($0[4]) ?? 99) <= log(8.0) + 1e-6 && (1...8).contains(Int($0[5]) ?? 0) })
    }

    @Test("The weight that score tunes is the best one for its reading, line by line or as one stream; its JSON has the weight")
    func tunedScores() throws {
        try Self.write("tuned.arpa", "--order 2 --vocabulary word")
        for reading in ["", "--carry-state"] {
            func score(_ more: String) throws -> [String: String] {
                let outcome = try SmallModels.shell(
                    "$R score --checkpoint word --data valid.txt --interpolate tuned.arpa \(more) \(reading) --format json")
                return RunLog.fields(of: String(try #require(outcome.output.split(separator: "\n").last, "\(outcome)")))
            }
            let tuned = try score("--tune valid.txt")
            let weight = try #require(tuned["network_weight"].flatMap { Double($0) }, "\(tuned)")
            let loss = try #require(tuned["loss"].flatMap { Double($0) })
            for other in [0, 1, max(0, weight - 0.02), min(1, weight + 0.02)] {
                let fields = try score("--weight \(other)")
                #expect(fields["network_weight"].flatMap { Double($0) } == Double(other), "\(fields)")
                #expect(try loss <= #require(fields["loss"].flatMap { Double($0) }), "\(weight) \(other) \(reading)")
            }
        }
    }

    @Test("A reserved word is an error that names where it is: the text, or the network with the vocabulary")
    func reservedWords() throws {
        try SmallModels.write("marked.txt", String(repeating: "<s> the cat sat\n", count: 20))
        let own = try SmallModels.shell("$R ngram --train marked.txt --arpa reserved.arpa")
        #expect(own.status == 65 && own.errors.contains("marked.txt: the text has the word <s>, which"), "\(own)")
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 2 --bptt 4 --epochs 1"
        let trained = try SmallModels.shell("$R --train marked.txt --valid marked.txt --run marked \(small)")
        try #require(trained.status == 0, "\(trained)")
        let network = try SmallModels.shell("$R ngram --train train.txt --arpa reserved.arpa --vocabulary marked")
        #expect(
            network.status == 65 && network.errors.contains("error: marked: the training text of this network has"), "\(network)")
        #expect(!network.errors.contains("train.txt") && network.errors.contains("omit --vocabulary"), "\(network)")
        #expect(try SmallModels.shell("ls reserved.arpa").status != 0)
    }

    @Test("A file that is written again keeps its permissions")
    func permissions() throws {
        try Self.write("private.arpa", "--order 2")
        _ = try SmallModels.shell("chmod 600 private.arpa")
        try Self.write("private.arpa", "--order 3")
        #expect(try SmallModels.shell("stat -c %a private.arpa").output == "600\n")
    }

    @Test("The advice for a pipe names the standard input only where the option accepts it")
    func pipes() throws {
        _ = try SmallModels.shell("test -p text.pipe || mkfifo text.pipe")
        for command in [
            "ngram --train text.pipe --arpa x.arpa", "evaluate --checkpoint word --data text.pipe",
            "compare word word --data text.pipe",
        ] {
            let outcome = try SmallModels.shell("$R \(command)")
            #expect(outcome.status == 66 && outcome.errors.contains("text.pipe is a pipe or a device"), "\(outcome)")
            #expect(outcome.errors.contains("give - in its place") != command.hasPrefix("ngram"), "\(outcome)")
        }
    }

    @Test(
        "What cannot be done is refused with the right status",
        arguments: [
            ("ngram --train absent.txt --arpa x.arpa", 66, "absent.txt: no such file"),
            ("ngram --train train.txt --arpa absent/x.arpa", 74, "absent/x.arpa was not written"),
            ("ngram --train train.txt --arpa ./train.txt", 64, "--arpa names the file of --train"),
            ("ngram --train train.txt --arpa valid.txt", 64, "valid.txt exists, and is no ARPA file"),
            ("ngram --train train.txt --arpa notes.md", 64, "notes.md exists, and is no ARPA file"),
            ("ngram --train train.txt --arpa ''", 64, "--arpa is empty"),
            ("inspect --checkpoint good.arpa --data valid.txt", 64, "is an ARPA file, and this command needs"),
            ("inspect --checkpoint word --data valid.txt --html ./valid.txt --force", 64, "--html names the file of --data"),
            ("report word --output word/metrics.jsonl --force", 64, "a run has a file of its own under this name"),
            ("report word --output train.txt --force", 64, "--output names the file of --train of word"),
            ("inspect --checkpoint word --data - --html valid.txt --force < valid.txt", 64, "--html names the file of --"),
            (
                "inspect --checkpoint word --data valid.txt --html word/best.safetensors --force", 64,
                "a run has a file of its own under this name"
            ),
            (
                "inspect --checkpoint word/best.safetensors --data valid.txt --html train.txt --force", 64,
                "--html names the file of --train of"
            ),
            (
                "inspect --checkpoint word/checkpoints/step-00000000.safetensors --data valid.txt --html train.txt --force", 64,
                "--html names the file of --train of"
            ),
            ("error-surface --html word/best.safetensors --force", 64, "a run has a file of its own under this name"),
            ("error-surface --html word/data/train.tokens --force", 64, "a run has a file of its own under this name"),
            (
                "report word --output word/checkpoints/step-00099999.safetensors", 64,
                "a run has a file of its own under this name"
            ),
            ("error-surface --html word/../word/data/test.tokens --force", 64, "a run has a file of its own under this name"),
            (
                "error-surface --html train.txt --force", 64,
                "train.txt exists, and is no HTML page. Name another file with --html"
            ),
            ("error-surface --html ''", 64, "--html is empty"),
            ("error-surface --html absent/x.html", 74, "absent/x.html was not written"),
            ("inspect --checkpoint word --data valid.txt --html absent/x.html", 74, "absent/x.html was not written"),
            ("report absent --output absent/x.html", 74, "absent/x.html was not written"),
            ("rescore --checkpoint word --nbest valid.txt --format espnet --output ''", 64, "--output is empty"),
            ("ngram --train train.txt --arpa -", 64, "--arpa -: only a file can be written"),
            ("ngram --train train.txt --arpa x.arpa --order 0", 64, "order is 0; it must be a whole number from 1 to 32"),
            ("ngram --train train.txt --arpa x.arpa --prune 1", 64, "--prune: the first value"),
            ("ngram --train train.txt --arpa x.arpa --order 2 --prune 0,0,1", 64, "--prune has 3 numbers, but --order is 2"),
            ("ngram --train train.txt --arpa x.arpa --vocabulary char", 65, "this is a model of --tokens char"),
            ("ngram --train train.txt --arpa x.arpa --vocabulary word --minimum-count 2", 64, "--vocabulary gives all words"),
            ("evaluate --checkpoint good.arpa.gz --data valid.txt", 65, "it is a file of the format gzip. Unpack it (gunzip)."),
            (
                "score --checkpoint word --data valid.txt --interpolate good.arpa.gz --weight 0.5", 65,
                "this is gzip, not an ARPA file. Unpack it (gunzip)."
            ),
            ("evaluate --checkpoint bad.arpa --data valid.txt", 65, "bad.arpa: line 3 of this ARPA file: "),
            ("score --checkpoint good.arpa --data valid.txt --carry-state", 64, "--carry-state: an n-gram model has no state"),
            (
                "evaluate --checkpoint good.arpa --data valid.txt --interpolate good.arpa --weight 1", 64,
                "--interpolate needs a network"
            ),
            ("evaluate --checkpoint word --data valid.txt --interpolate good.arpa", 64, "give --weight, or --tune"),
            ("evaluate --checkpoint word --data valid.txt --weight 0.5", 64, "--weight has no effect without --interpolate"),
            (
                "evaluate --checkpoint word --data valid.txt --interpolate other.arpa --weight 0.5", 65,
                "the vocabularies differ: the word 'sat'"
            ),
            (
                "evaluate --checkpoint char --data valid.txt --interpolate good.arpa --weight 0.5", 65,
                "this is a model of --tokens char"
            ),
            (
                "evaluate --checkpoint word --data valid.txt --interpolate good.arpa --weight 2", 64,
                "weight is 2; it must be a number"
            ),
        ])
    func refusals(command: String, status: Int, message: String) throws {
        try Self.write("good.arpa", "--order 2")
        let setUp =
            "printf '\\\\data\\\\\\nngram 1=3\\nngram x\\n' > bad.arpa; sed 's/sat/sit/g' good.arpa > other.arpa; gzip -kf good.arpa; printf 'So:\\n\\\\data\\\\\\n' > notes.md; "
        let outcome = try SmallModels.shell(setUp + "$R " + command)
        #expect(outcome.status == Int32(status) && outcome.errors.contains(message), "\(outcome)")
        #expect(outcome.output.isEmpty)
        #expect(try SmallModels.shell("ls x.arpa").status != 0)
    }
}
