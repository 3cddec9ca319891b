import Foundation
import TestSupport
import Testing

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
            outcome.status == 0 && outcome.errors.contains("1 of 5 items depend on words outside the vocabulary"), "\(outcome)")
        let expected = [
            ("\"a\"", "sentence", 1, 0), ("\"a\"", "one-prefix", 1, 0), ("\"b\"", "sentence", 1, 1),
            ("\"b\"", "two-prefix", 1, 0),
            ("null", "sentence", 2, 1),
        ].map { group, method, ties, unknown in
            "{\"group\":\(group),\"method\":\"\(method)\",\"distance\":null,\"attractors\":null,\"items\":\(ties),\"right\":0,"
                + "\"wrong\":0,\"ties\":\(ties),\"unknown\":\(unknown),\"accuracy\":0.0,\"low\":0.0,\"high\":HIGH}"
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
            ("syntaxgym", "{\n"),
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
            missing.status == 66 && missing.errors.contains("bad.text: no such file. Check the path given with --text"),
            "\(missing)")
        #expect(try SmallModels.shell("$R probe --checkpoint word --pairs agree.x --items --json").status == 64)
    }
}
