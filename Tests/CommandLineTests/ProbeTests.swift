import Foundation
import TestSupport
import Testing
import TextData

/// Decisions on minimal pairs: with a uniform model, against PyTorch, and in every format.
@Suite("probe")
struct ProbeTests {
    private static func fixture(_ name: String) -> String {
        Bundle.module.bundleURL.appending(path: "Fixtures/\(name)").path(percentEncoded: false)
    }

    /// A model of words whose output layer is 0, so that every token has the same probability.
    private static let uniform = Result {
        try CheckpointForgery.write(
            SmallModels.folder.appending(path: "word/best.safetensors").path,
            to: SmallModels.folder.appending(path: "uniform.safetensors").path,
            texts: { $0["parameters_digest"] = nil },
            arrays: { name, values in if name.hasPrefix("decoder") { values = values.map { _ in 0 } } })
    }

    private func probe(_ model: String, _ pairs: String, _ options: String = "") throws -> ProgramRun {
        try SmallModels.shell("cat <<'END' | $R probe --checkpoint \(model) --pairs - \(options)\n\(pairs)\nEND")
    }

    private static let pairs = """
        {"sentence_good": "the cat sat on", "sentence_bad": "the mat sat on", "UID": "a", "one_prefix_prefix": "the", \
        "one_prefix_word_good": "cat", "one_prefix_word_bad": "mat"}
        {"sentence_good": "the cat sat", "sentence_bad": "cat the sat", "UID": "b", "two_prefix_prefix_good": "the", \
        "two_prefix_prefix_bad": "cat the", "two_prefix_word": "sat"}
        {"sentence_good": "the cat sat", "sentence_bad": "the dog sat", "UID": "b"}
        """

    @Test("A uniform model has an accuracy of 0 and 100 % ties; unknown words are apart")
    func uniform() throws {
        _ = try Self.uniform.get()
        let outcome = try probe("uniform.safetensors", Self.pairs, "--format blimp --json")
        #expect(
            outcome.status == 0 && outcome.errors.contains("1 of 5 items depends on words outside the vocabulary"), "\(outcome)")
        let expected = [
            ("\"a\"", "sentence", 1, 0), ("\"a\"", "one-prefix", 1, 0), ("\"b\"", "sentence", 1, 1),
            ("\"b\"", "two-prefix", 1, 0),
            ("null", "sentence", 2, 1),
        ].map { group, method, ties, unknown in
            "{\"group\":\(group),\"method\":\"\(method)\",\"distance\":null,\"attractors\":null,\"items\":\(ties),\"right\":0,"
                + "\"wrong\":0,\"ties\":\(ties),\"unknown\":\(unknown),\"reads_unknown\":0,\"accuracy\":0.0,\"low\":0.0,\"high\":HIGH}"
        }
        let rows = outcome.output.replacing(/"high":0\.(7934|6576)[0-9]+/, with: "\"high\":HIGH")
        #expect(rows == "{\"rows\":[\(expected.joined(separator: ","))]}\n", "\(outcome.output)")
        let table = try probe("uniform.safetensors", Self.pairs, "--format blimp")
        let row = try #require(table.output.split(separator: "\n").dropFirst().first)
        #expect(row.split(separator: " ").joined(separator: " ") == "a sentence 1 0.0 % 0.0 % to 79.3 % 100.0 % 0", "\(table)")
    }

    @Test("Decisions and surprisals are those of PyTorch with the same parameters")
    func pytorch() throws {
        let golden = try String(contentsOfFile: Self.fixture("pairs.jsonl"), encoding: .utf8).split(separator: "\n")
        let outcome = try SmallModels.shell(
            "$R probe --checkpoint '\(Self.fixture("probe.safetensors"))' --pairs '\(Self.fixture("pairs.jsonl"))' --items")
        var rows = outcome.output.split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        #expect(outcome.status == 0 && rows.count >= golden.count && golden.count >= 20, "\(outcome)")
        var decisions: Set<String> = []
        for line in golden {
            let pair = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            for method in ["sentence", "one-prefix", "two-prefix"] {
                guard let values = pair[method] as? [Any], let decision = values[0] as? String else { continue }
                let row = rows.removeFirst()
                decisions.insert(decision)
                #expect(row[2] == method && row[3] == decision, "\(row) \(line)")
                for (text, value) in zip(row[4...], values[1...]) {
                    guard let value = value as? Double else { continue }
                    #expect(abs((Double(text) ?? -1) - value) < 1e-4, "\(row) \(value)")
                }
            }
        }
        #expect(rows.isEmpty && decisions.isSuperset(of: ["right", "wrong", "unknown"]), "\(decisions)")
    }

    @Test("Agreement, suites and templates are decided from the surprisals of score")
    func formats() throws {
        try SmallModels.write("agree.gold", "1\tcat\tmat\t2\n2\tsat\ton\t0\n")
        try SmallModels.write("agree.text", "the cat sat\nthe cat sat\n")
        let gold = try SmallModels.shell("$R probe --checkpoint word --pairs agree.gold --items")
        let scores = try SmallModels.shell("printf 'the cat\\nthe mat\\n' | $R score --checkpoint word --data -")
        let rows = scores.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        let bits = rows.filter { $0[1] == "2" }.map { Double($0[3]) ?? -1 }
        let first = gold.output.split(separator: "\n")[1].split(separator: "\t").map(String.init)
        #expect(gold.status == 0 && first.count == 6, "\(gold)")
        for (figure, expected) in zip(first[4...], bits) {
            #expect(abs((Double(figure) ?? -1) - expected) < 1e-9, "\(gold) \(scores)")
        }
        let decision = bits[0] < bits[1] ? "right" : "wrong"
        #expect(first[3] == decision)
        let table = try SmallModels.shell("$R probe --checkpoint word --pairs agree.gold")
        #expect(table.output.contains("\n0 attractors") && table.output.contains("\n2 attractors"), "\(table)")
        let template = try probe("word", "the (cat) [on {mat}]* sat/on", "--format templates --repetitions 2")
        #expect(template.output.contains("\ndistance 0 ") && template.output.contains("\ndistance 4 "), "\(template)")
        #expect(template.output.contains("\n2 attractors "), "\(template)")
        let suite = """
            {"meta":{"name":"s"},"predictions":[{"type":"formula","formula":"(2;%a%) < (2;%b%)"}],"items":[{"item_number":4,"conditions":[
            {"condition_name":"a","regions":[{"region_number":1,"content":"the"},{"region_number":2,"content":"cat"}]},
            {"condition_name":"b","regions":[{"region_number":1,"content":"the"},{"region_number":2,"content":"mat"}]}]}]}
            """
        #expect(try probe("word", suite, "--format syntaxgym --items").output.hasSuffix("\n4\ts\tformula\t\(decision)\t\t\n"))
    }

    /// The sentences have no unit in common, so the surprisals of their last words are those of `score`.
    private func compareWithScore(_ run: String, lastWord: ([[String]]) -> ArraySlice<[String]>) throws {
        try SmallModels.write("pieces.gold", "2\tsat\tgröße\t0\n")
        try SmallModels.write("pieces.text", "the cat sat\n")
        try SmallModels.write("pieces.txt", "the cat sat/größe\n")
        let region = { (word: String) in
            "[{\"region_number\":1,\"content\":\"the cat\"},{\"region_number\":2,\"content\":\"\(word)\"}]"
        }
        try SmallModels.write(
            "pieces.json",
            "{\"predictions\":[{\"type\":\"formula\",\"formula\":\"(2;%a%) < (2;%b%)\"}],\"items\":[{\"conditions\":["
                + "{\"condition_name\":\"a\",\"regions\":\(region("sat"))},{\"condition_name\":\"b\",\"regions\":\(region("größe"))}]}]}"
        )
        try SmallModels.write(
            "pieces.jsonl",
            "{\"one_prefix_prefix\":\"the cat\",\"one_prefix_word_good\":\"sat\",\"one_prefix_word_bad\":\"größe\"}\n")
        let bits = try ["sat", "größe"].map { word in
            let score = try SmallModels.shell("printf 'the cat \(word)\\n' | $R score --checkpoint \(run) --data -")
            let rows = score.output.split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
            return lastWord(rows.filter { $0[0] == "1" }).reduce(0) { $0 + (Double($1[3]) ?? .nan) }
        }
        #expect(bits.allSatisfy { $0 > 0 })
        for pairs in ["pieces.jsonl", "pieces.gold", "pieces.txt", "pieces.json"] {
            let outcome = try SmallModels.shell("$R probe --checkpoint \(run) --pairs \(pairs) --items")
            let row = try #require(outcome.output.split(separator: "\n").dropFirst().first, "\(outcome)")
                .split(separator: "\t", omittingEmptySubsequences: false)
            #expect(row[3] == (bits[0] < bits[1] ? "right" : "wrong"), "\(pairs): \(outcome) \(bits)")
            if pairs == "pieces.json" { continue }
            for (figure, expected) in zip(row[4...], bits) {
                #expect(abs((Double(figure) ?? -1) - expected) < 1e-9, "\(pairs): \(outcome) \(bits)")
            }
        }
    }

    private func train(_ run: String, _ options: String) throws {
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        let outcome = try SmallModels.shell("$R --train train.txt --valid valid.txt --run \(run) \(small) \(options)")
        try #require(outcome.status == 0, "\(outcome)")
    }

    @Test("A word of several pieces has the sum of their surprisals", .enabled(if: SentencePieceLibrary.isInstalled))
    func pieces() throws {
        try train("pieces", "--tokens sentencepiece --vocabulary-size 20")
        try compareWithScore("pieces") { rows in
            let start = rows.lastIndex { $0[2].hasPrefix("\u{2581}") } ?? 0
            return rows[start..<(rows.count - 1)]
        }
        // SentencePiece reads U+200B as a blank.
        let word = try probe("pieces", "the cat \u{200B}/sat\nthe cat sat/größe", "--format templates --items")
        #expect(try decisions(word).map { $0 == "unknown" } == [true, false], "\(word)")
        let sentences = """
            {"sentence_good":"the \u{200B}","sentence_bad":"the cat"}
            {"sentence_good":"\u{200B} the cat","sentence_bad":"\u{200B} the sat"}
            """
        let whole = try probe("pieces", sentences, "--format blimp --items")
        #expect(try decisions(whole).map { $0 == "unknown" } == [true, false], "\(whole)")
    }

    /// The decisions of `--items`.
    private func decisions(_ outcome: ProgramRun) throws -> [String] {
        try #require(outcome.status == 0, "\(outcome)")
        return outcome.output.split(separator: "\n").dropFirst().map {
            String($0.split(separator: "\t", omittingEmptySubsequences: false)[3])
        }
    }

    @Test("A word that a token of the word before contains has no surprisal of its own: the answer is unknown")
    func wordsWithoutToken() throws {
        try SmallModels.write("cities.txt", String(repeating: "we like New York\nwe like New Jersey\nwe like York\n", count: 30))
        let small = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --epochs 1"
        for (run, pattern) in [("cities", " ?New York| ?\\p{L}+|."), ("towns", "New York|\\p{L}+|.")] {
            let trained = try SmallModels.shell(
                "head -n 20 cities.txt > towns.txt && $R --train cities.txt --valid towns.txt --run \(run) \(small) "
                    + "--tokens regex --token-pattern '\(pattern)'")
            try #require(trained.status == 0, "\(trained)")
            try expectUnknownWords(run)
        }
    }

    /// In `New York`, the second word has no token.
    private func expectUnknownWords(_ run: String) throws {
        let pairs = """
            {"one_prefix_prefix":"we like New","one_prefix_word_good":"Jersey","one_prefix_word_bad":"York"}
            {"one_prefix_prefix":"we like New","one_prefix_word_good":"York","one_prefix_word_bad":"Jersey"}
            {"one_prefix_prefix":"we like","one_prefix_word_good":"New York","one_prefix_word_bad":"New Jersey"}
            {"two_prefix_prefix_good":"we like","two_prefix_prefix_bad":"we like New","two_prefix_word":"York York"}
            {"sentence_good":"we like New York","sentence_bad":"we like New Jersey"}
            """
        let compared = try probe(run, pairs, "--format blimp --items")
        #expect(try decisions(compared).map { $0 == "unknown" } == [true, true, false, true, false], "\(compared)")
        let templates = "we like New (York) like/New\nwe like (New) York like/New"
        let heads = try probe(run, templates, "--format templates --items")
        #expect(try decisions(heads).map { $0 == "unknown" } == [true, false], "\(heads)")
        let condition = { (name: String, last: String) in
            "{\"condition_name\":\"\(name)\",\"regions\":[{\"region_number\":1,\"content\":\"we like New\"},"
                + "{\"region_number\":2,\"content\":\"\(last)\"},{\"region_number\":3,\"content\":\"\"}]}"
        }
        let formulas = ["(2;%a%) < (2;%b%)", "(*;%a%) < (*;%b%)", "(3;%a%) = (3;%b%)"].map {
            "{\"type\":\"formula\",\"formula\":\"\($0)\"}"
        }.joined(separator: ",")
        let conditions = [condition("a", "Jersey"), condition("b", "York")].joined(separator: ",")
        let suite = "{\"predictions\":[\(formulas)],\"items\":[{\"conditions\":[\(conditions)]}]}"
        let regions = try probe(run, suite, "--format syntaxgym --items")
        #expect(try decisions(regions).map { $0 == "unknown" } == [true, false, false], "\(regions)")
        #expect(try decisions(regions).last == "right", "regions without text have the surprisal 0: \(regions)")
    }

    @Test("A match of a regular expression that begins with a blank belongs to the word after it")
    func matches() throws {
        try train("matches", "--tokens regex --token-pattern ' ?[^ ]+'")
        try compareWithScore("matches") { rows in
            let start = rows.lastIndex { $0[2].hasPrefix(" ") } ?? 0
            return rows[start..<(rows.count - 1)]
        }
    }

    @Test(
        "An unknown word in round brackets makes the answer unknown, an unknown attractor does not; without brackets, there is no distance"
    )
    func decidingWords() throws {
        let templates = "the (glorps) on sat/mat\nthe (cat) on {glorps} sat/mat\nthe cat on sat/mat"
        let items = try probe("word", templates, "--format templates --items")
        let decisions = items.output.split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)[3]
        }
        #expect(decisions.count == 3 && decisions[0] == "unknown" && !decisions.dropFirst().contains("unknown"), "\(items)")
        let table = try probe("word", templates, "--format templates")
        let distances = table.output.split(separator: "\n").filter { $0.hasPrefix("distance") }.map {
            $0.split(separator: " ")[1]
        }
        #expect(distances == ["1", "2"], "\(table)")
    }

    @Test("Unknown words that do not decide are counted, with a note, and a warning from half of the items on")
    func unknownContexts() throws {
        let pairs = { (ends: [String]) in
            ends.map { "{\"sentence_good\":\"the cat\($0)\",\"sentence_bad\":\"the mat\($0)\"}" }.joined(separator: "\n")
        }
        let few = try probe("word/best.safetensors", pairs([" around.", "", " sat"]), "--format blimp")
        #expect(
            few.status == 0
                && few.errors.hasPrefix(
                    "rnntrain: note: the standard input: 1 of 3 counted items has tokens outside the vocabulary that do not decide and are "
                        + "read as <unk>, such as 'around.'. Write the sentences like the training text"),
            "\(few)")
        let half = try probe("word/best.safetensors", pairs([" around.", " sat"]), "--format blimp --json")
        #expect(half.errors.hasPrefix("rnntrain: warning: ") && half.output.contains("\"reads_unknown\":1,"), "\(half)")
        #expect(try probe("word/best.safetensors", pairs([" on", " sat"]), "--format blimp").errors.isEmpty)
    }

    @Test("A name with tabs and line ends does not divide a row of --items")
    func escaped() throws {
        let line = "{\"sentence_good\":\"the\",\"sentence_bad\":\"cat\",\"UID\":\"x\\ty\\nz\"}"
        let outcome = try probe("word", line, "--format blimp --items")
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(rows.count == 2 && rows.allSatisfy { $0.count == 6 } && rows[1][1] == "x\\ty\\nz", "\(outcome)")
    }

    @Test("A line that is not valid ends with status 65, its number and advice")
    func malformed() throws {
        for (format, text) in [
            ("blimp", "{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"}\n{}"), ("templates", "the cat/mat\nthe cat"),
            ("syntaxgym", "{\n"), ("templates", "the cat/mat\nthe (sat/mat)"), ("templates", "the cat/mat\nthe {(cat)} sat/mat"),
            ("templates", "the cat/mat\nthe () sat/mat"), ("templates", "the cat/mat\nthe {sat/mat}"),
        ] {
            let outcome = try probe("word", text, "--format \(format)")
            #expect(outcome.status == 65 && outcome.output.isEmpty && outcome.errors.contains(": line 2: "), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1)
        }
        let none = try probe("word", "\n\n", "--format blimp")
        #expect(none.status == 65 && none.output.isEmpty && none.errors.contains("the file has no items"), "\(none)")
        for option in ["--text bad.text", "--repetitions 3"] {
            let unused = try probe("word", "{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"}", "--format blimp \(option)")
            #expect(unused.status == 64 && unused.errors.contains("has no effect with --format blimp"), "\(unused)")
        }
        try SmallModels.write("bad.gold", "1\tcat\tmat\n")
        let missing = try SmallModels.shell("$R probe --checkpoint word --pairs bad.gold")
        #expect(
            missing.status == 66
                && missing.errors.contains("bad.text: no such file. Check the path given with --pairs or --text"),
            "\(missing)")
        let unnamed = try probe("word", "1\tcat\tmat\t0", "--format gold")
        #expect(unnamed.status == 64 && unnamed.errors.contains("Give it with --text."), "\(unnamed)")
        #expect(try SmallModels.shell("$R probe --checkpoint word --pairs agree.x --items --json").status == 64)
    }
}
