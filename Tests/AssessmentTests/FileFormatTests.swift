import Assessment
import Testing

@Suite("Files of probes")
struct ProbeFileTests {
    private func items(
        _ format: ProbeFormat, _ text: String, sentences: String? = nil, repetitions: Int = 2
    ) throws -> [ProbeItem] {
        let file = try DataFile(name: "pairs", bytes: Array(text.utf8))
        return try format.items(
            file, text: sentences.map { try DataFile(name: "sentences", bytes: Array($0.utf8)) }, repetitions: repetitions)
    }

    @Test("A line of BLiMP gives an item of every method whose fields it has")
    func blimp() throws {
        let line = """
            {"sentence_good": "A dog runs.", "sentence_bad": "A dog run.", "UID": "agreement", "one_prefix_prefix": "A dog", \
            "one_prefix_word_good": "runs", "one_prefix_word_bad": "run", "two_prefix_prefix_good": "A dog", \
            "two_prefix_prefix_bad": "A \\u0064ogs", "two_prefix_word": "runs", "dependency_length": 2}
            """
        let items = try items(.blimp, line + "\n\n{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"}\n")
        #expect(items.map(\.method) == [.sentence, .onePrefix, .twoPrefix, .sentence])
        #expect(items.map(\.group) == ["agreement", "agreement", "agreement", "pairs"] && items.map(\.place) == [1, 1, 1, 3])
        #expect(items[0].texts == [["A dog runs."], ["A dog run."]] && items[0].distance == 2)
        #expect(items[1].texts == [["A dog ", "runs "], ["A dog ", "run "]])
        #expect(items[2].texts == [["A dog ", "runs "], ["A dogs ", "runs "]])
    }

    @Test("A line of BLiMP may have the fields of a prefix method alone")
    func prefixOnly() throws {
        let line = "{\"one_prefix_prefix\":\"A dog\",\"one_prefix_word_good\":\"runs\",\"one_prefix_word_bad\":\"run\"}\n"
        #expect(try items(.blimp, line).map(\.method) == [.onePrefix])
    }

    @Test(
        "A line of BLiMP that is not valid is named",
        arguments: [
            ("[1]", "not all fields of any method"), ("{\"sentence_good\":\"a\"}", "sentence_bad is missing"),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":\"b\",\"one_prefix_prefix\":\"c\"}", "one_prefix_word_good is missing"),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":3}", "'sentence_bad' is not a text"),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":\"\"}", "'sentence_bad' is not a text"),
            ("{\"sentence_good\":\"a\\nb\",\"sentence_bad\":\"b\"}", "'sentence_good' is not a text"),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"", "a comma or '}' is missing"),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":\"b\",\"UID\":5}", "'UID' is not a text"),
            (
                "{\"sentence_good\":\"a\",\"sentence_bad\":\"b\",\"dependency_length\":\"2\"}",
                "'dependency_length' is not a whole number"
            ),
            (
                "{\"sentence_good\":\"a\",\"sentence_bad\":\"b\",\"dependency_length\":2.5}",
                "'dependency_length' is not a whole number"
            ),
            ("{\"sentence_good\":\"a\",\"sentence_bad\":\"b", "quotation mark"), ("x", "'x' is not a JSON value"),
        ])
    func badBlimp(line: String, reason: String) throws {
        let error = #expect(throws: DataFileError.self) {
            try items(.blimp, "{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"}\n\(line)\n")
        }
        #expect(error?.line == 2 && error?.exitStatus == .badData && error?.reason.contains(reason) == true, "\(error as Any)")
        #expect(error?.description.hasPrefix("pairs: line 2: ") == true && error?.description.contains("JSON object") == true)
    }

    @Test("An item whose texts are equal is told from others")
    func equalTexts() throws {
        let pairs = """
            {"sentence_good": "a b.", "sentence_bad": "a  b."}
            {"sentence_good": "a b.", "sentence_bad": "A b."}
            {"one_prefix_prefix": "a", "one_prefix_word_good": "b", "one_prefix_word_bad": "b"}
            {"two_prefix_word": "b", "two_prefix_prefix_good": "a", "two_prefix_prefix_bad": "a"}
            {"two_prefix_word": "b", "two_prefix_prefix_good": "a", "two_prefix_prefix_bad": "c"}
            """
        #expect(try items(.blimp, pairs).map(\.hasEqualTexts) == [true, false, true, true, false])
        let gold = try items(.gold, "1\twas\twas\t0\n1\twas\twere\t0\n", sentences: "the was\nthe was\n")
        #expect(gold.map(\.hasEqualTexts) == [true, false])
    }

    @Test("A .gold file counts words from 0 and names the attractors")
    func gold() throws {
        let items = try items(
            .gold, "2\truns\trun\t0\n4\tare\tis\t1\n", sentences: "the dog runs .\nkeys to the cabinet are <eos>\n")
        #expect(items.map(\.attractors) == [0, 1] && items.map(\.method) == [.target, .target])
        #expect(items[1].texts == [["keys to the cabinet ", "are "], ["keys to the cabinet ", "is "]])
    }

    @Test(
        "A line of a .gold file that is not valid is named",
        arguments: [
            ("2 runs run 0", "four columns"), ("2\truns\trun", "four columns"), ("x\truns\trun\t0", "four columns"),
            ("2\t\trun\t0", "four columns"), ("1\truns\trun\t0", "word 1 of its sentence is 'dog'"),
            ("9\truns\trun\t0", "has 4 words"),
        ])
    func badGold(line: String, reason: String) throws {
        let error = #expect(throws: DataFileError.self) {
            try items(.gold, "2\truns\trun\t0\n\(line)\n", sentences: "the dog runs .\nthe dog runs .\n")
        }
        #expect(error?.line == 2 && error?.reason.contains(reason) == true, "\(error as Any)")
        #expect(throws: DataFileError.self) { try items(.gold, "0\ta\tb\t0\n", sentences: "a\na\n") }
    }

    @Test("Words that begin with a combining mark are words of sentences, templates and comparisons")
    func marks() throws {
        let gold = try items(.gold, "2\tम\tन\t0\n1\t\u{93E}\t\u{93F}\t0\n", sentences: "क \u{93E} म\nक \u{93E}\n")
        #expect(gold[0].texts == [["क \u{93E} ", "म "], ["क \u{93E} ", "न "]])
        #expect(gold[1].texts == [["क ", "\u{93E} "], ["क ", "\u{93F} "]])
        let template = try #require(try items(.templates, "क (\u{93E}) म/\u{93F}\n").first)
        #expect(template.texts == [["क ", "\u{93E} ", "म "], ["क ", "\u{93E} ", "\u{93F} "]] && template.distance == 0)
        let pairs = try items(.blimp, "{\"sentence_good\":\"a \u{93E}\",\"sentence_bad\":\"a \u{93F}\"}\n")
        #expect(pairs.map(\.hasEqualTexts) == [false])
    }

    private let suite = """
        {"meta": {"name": "agreement", "metric": "sum"},
         "predictions": [{"type": "formula", "formula": "FORMULA"}],
         "items": [{"item_number": 7, "conditions": [
          {"condition_name": "match", "regions": [
            {"region_number": 1, "content": "The woman"}, {"region_number": 2, "content": "plays"}]},
          {"condition_name": "mis-match", "regions": [
            {"region_number": 1, "content": "The woman"}, {"region_number": 2, "content": "play"}]}]}]}
        """

    private func suiteItems(_ formula: String) throws -> [ProbeItem] {
        try items(.syntaxgym, suite.replacing("FORMULA", with: formula))
    }

    @Test("Two conditions of one name, and two regions of one number, are refused")
    func duplicates() {
        for (from, to, reason) in [
            ("\"mis-match\"", "\"match\"", "two conditions 'match'"),
            ("\"region_number\": 2", "\"region_number\": 1", "two regions 1"),
        ] {
            let text = suite.replacing("FORMULA", with: "(1;%match%) = (1;%match%)").replacing(from, with: to)
            let error = #expect(throws: DataFileError.self) { try items(.syntaxgym, text) }
            #expect(error?.reason.contains(reason) == true, "\(error as Any)")
        }
    }

    @Test("An item without a number has its place among the items, also with several predictions")
    func itemNumbers() throws {
        let condition = "{\"condition_name\": \"a\", \"regions\": [{\"region_number\": 1, \"content\": \"x\"}]}"
        let item = { (number: String) in "{\(number)\"conditions\": [\(condition)]}" }
        let prediction = "{\"type\": \"formula\", \"formula\": \"(1;%a%) = (1;%a%)\"}"
        let items = try items(
            .syntaxgym,
            "{\"predictions\": [\(prediction), \(prediction)], "
                + "\"items\": [\(item("")), \(item("\"item_number\": 9, ")), \(item(""))]}")
        #expect(items.map(\.place) == [1, 1, 9, 9, 3, 3])
    }

    @Test("The formulas of a suite are parsed with their precedences and brackets")
    func formulas() throws {
        let item = try #require(try suiteItems("(2;%mis-match%) > (2;%match%)").first)
        #expect(item.place == 7 && item.group == "agreement" && item.texts[0] == ["The woman", " plays"])
        let (a, b) = (
            Quantity.surprisal(.pieces(text: 0, 1..<2)), Quantity.surprisal(.pieces(text: 1, 1..<2))
        )
        #expect(item.claim == .less(a, b))
        let all = Quantity.surprisal(.pieces(text: 0, 0..<2))
        #expect(
            try suiteItems("[(2;%match%)+(2;%mis-match%)]-1.5 < (*;%match%) & ((2;%match%) = (2;%mis-match%))").first?.claim
                == .both(.less(.difference(.sum(a, b), .literal(1.5)), all), .equal(a, b)))
    }

    @Test(
        "A formula that is not valid is named with its line",
        arguments: [
            ("(2;%match%)", "compares nothing"), (String(repeating: "(", count: 20_000), "brackets are open"),
            ("(2;%match%) < (2;%other%)", "no condition has the name 'other'"),
            ("(3;%match%) < (2;%match%)", "has no region 3"), ("(2;%match%) < ", "ends where a region is missing"),
            ("((2;%match%) < (1;%match%)", "a bracket is not closed"), ("(2;%match%) < (1;%match%) x", "'x' cannot follow"),
            ("(2;%match%) & (1;%match%)", "between comparisons"),
            ("(2;%match%) < ((1;%match%) < (1;%match%))", "between surprisals"),
            ("(2;%match", "a bracket is not closed"),
        ])
    func badFormulas(formula: String, reason: String) {
        let error = #expect(throws: DataFileError.self) { try suiteItems(formula) }
        #expect(error?.line == 2 && error?.reason.contains(reason) == true, "\(error as Any)")
    }

    @Test("A suite with other faults is named with the line of the fault")
    func badSuites() {
        let valid = suite.replacing("FORMULA", with: "(2;%match%) < (1;%match%)")
        for (old, new, line) in [
            ("\"sum\"", "\"mean\"", 1), ("\"predictions\"", "\"x\"", 1), ("\"condition_name\": \"mis-match\"", "\"x\": 1", 6),
            ("\"content\": \"play\"", "\"content\": 3", 7), ("\"play\"}]", "\"play\"]", 7),
            ("\"agreement\"", "5", 1), ("\"item_number\": 7", "\"item_number\": \"7\"", 3), ("\"formula\",", "1,", 2),
        ] {
            let error = #expect(throws: DataFileError.self) { try items(.syntaxgym, valid.replacing(old, with: new)) }
            #expect(error?.line == line, "\(error as Any)")
        }
    }

    @Test("A template gives an item for each number of repetitions, with distance and attractors")
    func templates() throws {
        let text = "# a remark\nThe (keys) to the {cabinet} [by the {door}]* are/is\n\nthey run/runs\n"
        let items = try items(.templates, text)
        #expect(items.map(\.place) == [2, 2, 2, 4] && items.map(\.distance) == [3, 6, 9, nil])
        #expect(items.map(\.attractors) == [1, 2, 3, nil])
        #expect(
            items[1].texts.map { [$0.dropLast().joined(), $0.last ?? ""] } == [
                ["The keys to the cabinet by the door ", "are "], ["The keys to the cabinet by the door ", "is "],
            ])
        #expect(items[3].texts == [["they ", "run "], ["they ", "runs "]])
    }

    @Test(
        "A template that is not valid is named",
        arguments: [
            "the dog", "the dog runs/", "the dog a/a", "the [dog runs/run", "the [dog] runs/run", "the d(o)g runs/run",
            "(a) (b) c/d",
        ])
    func badTemplates(line: String) {
        let error = #expect(throws: DataFileError.self) { try items(.templates, "they run/runs\n\(line)\n") }
        #expect(error?.line == 2, "\(error as Any)")
    }

    @Test("Files that are not UTF-8, or empty, are named")
    func notText() {
        let bad = #expect(throws: DataFileError.self) { try DataFile(name: "f", bytes: Array("a\n".utf8) + [0xFF]) }
        #expect(bad?.line == 2)
        #expect(throws: DataFileError.self) { try DataFile(name: "f", bytes: []) }
        #expect((try? DataFile(name: "f", bytes: [0xEF, 0xBB, 0xBF] + Array("a\r\n\r\nb".utf8)))?.lines == ["a", "", "b"])
    }
}
