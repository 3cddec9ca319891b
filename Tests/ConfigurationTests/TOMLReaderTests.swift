import Configuration
import Kinds
import Testing

@Suite("The part of TOML that configurations use")
struct TOMLReaderTests {
    private func train(_ value: String) throws -> ConfigurationValue? {
        try ConfigurationFile(text: "train = \(value)\nlayers = 3", path: "a").values[.train]
    }

    private func number(_ value: String) throws -> ConfigurationValue? {
        try ConfigurationFile(text: "forget-bias = \(value) # comment", path: "a").values[.forgetBias]
    }

    /// Line and column of the error.
    private func place(_ text: String) -> [Int] {
        do throws(ConfigurationFileError) {
            _ = try ConfigurationFile(text: text, path: "a")
        } catch {
            if case .syntax(let place, _) = error { return [place.line, place.column] }
        }
        return []
    }

    @Test(
        "Strings of all four kinds",
        arguments: [
            (#""a\tb\"\\ \u00e9\U0001F600""#, "a\tb\"\\ é😀"), ("'a\\t#'", "a\\t#"), ("\"#\" # c", "#"),
            ("\"\"\"\na\nb\"\"\"", "a\nb"), ("\"\"\"a\\\n  \n  b\"\"\"", "ab"), ("'''\r\na\r\n'b'''", "a\r\n'b"),
            ("\"\"\"a\"\"\"\"\"", "a\"\""), ("''''a'''", "'a"),
        ])
    func strings(spelled: String, text: String) throws {
        #expect(try train(spelled) == .text(text))
    }

    @Test(
        "Numbers of all kinds",
        arguments: [
            ("1e-05", 1e-05), ("+0.5", 0.5), ("-0.0", 0), ("1_000.5e2", 100_050), ("6E+2", 600),
        ] as [(String, Double)])
    func numbers(spelled: String, value: Double) throws {
        #expect(try number(spelled) == .number(value))
    }

    @Test("Whole numbers", arguments: [("0", 0), ("+7", 7), ("-1_0", -10), ("0xff", 255), ("0o17", 15), ("0b101", 5)])
    func wholeNumbers(spelled: String, value: Int) throws {
        #expect(try number(spelled) == .integer(value))
    }

    @Test(
        "Numbers that are not finite or cannot be stored, and empty texts, are values out of range, and named as they stand there",
        arguments: [
            ("forget-bias = nan", "the number nan"), ("forget-bias = -inf", "the number -inf"),
            ("forget-bias = 1e999", "the number 1e999"), ("forget-bias = 1e-999", "the number 1e-999"),
            ("layers = 99999999999999999999", "the number 99999999999999999999"),
            ("seed = 0xffffffffffffffff", "the number 0xffffffffffffffff"),
            ("train = \"\"", "the string \"\""), ("train = \"\"\"\"\"\"", "the string \"\""), ("train = ''", "the string \"\""),
        ])
    func outOfRange(text: String, found: String) {
        let error = #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: text, path: "a") }
        guard case .wrongValue(_, _, _, found) = error else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
    }

    @Test(
        "What people write instead of TOML is refused with its place and what to write",
        arguments: [
            ("hidden_size = 3", "a:1:1: unknown key 'hidden_size'. Did you mean 'hidden-size'?"),
            ("--layers = 3", "a:1:1: unknown key '--layers'. Did you mean 'layers'?"),
            ("tie-weights = True", "a:1:15: not valid TOML: 'True' is not a value; write true."),
            ("tie-weights = yes", "a:1:15: not valid TOML: 'yes' is not a value; write true."),
            ("tie-weights = off", "a:1:15: not valid TOML: 'off' is not a value; write false."),
            (
                "tie-weights = felse",
                "a:1:15: not valid TOML: 'felse' is not a value; write false, or a string in quotes, \"felse\"."
            ),
            ("dropout = .5", "a:1:11: not valid TOML: '.5' is not a value; write 0.5."),
            ("clip = 5.", "a:1:8: not valid TOML: '5.' is not a value; write 5.0."),
            ("seed = 007", "a:1:8: not valid TOML: '007' is not a value; write the number without leading zeros."),
            ("train = input.txt", "a:1:9: not valid TOML: 'input.txt' is not a value; write a string in quotes, \"input.txt\"."),
            ("time-limit = 3h", "a:1:14: not valid TOML: '3h' is not a value; write a string in quotes, \"3h\"."),
            ("train = \u{201C}a\u{201D}", "a:1:9: not valid TOML: expected straight quotes, \" or '."),
            ("; layers", "a:1:1: not valid TOML: comments begin with #."),
            ("// layers", "a:1:1: not valid TOML: comments begin with #."),
            ("layers: 3", "a:1:7: not valid TOML: expected '=' between the key and its value."),
            (
                "seed = 1\rlayers = 2",
                "a:1:9: not valid TOML: carriage return without a line feed; save the file with line ends LF or CR LF."
            ),
            (
                "\n[model]\nlayers = 2",
                "a:2:1: 'model' is a section, but a configuration has no sections: delete this line, and keep the keys below it."
            ),
            (
                "[[model]]",
                "a:1:1: 'model' is a section, but a configuration has no sections: delete this line, and keep the keys below it."
            ),
            (
                "model.layers = 2",
                "a:1:1: 'model' is a section, but a configuration has no sections: write only 'layers = ...'."
            ),
            (
                "model = { layers = 2 }",
                "a:1:1: 'model' is a section, but a configuration has no sections: write each of its keys on a separate line, 'key = value'."
            ),
            ("train = [\n  \"a.txt\",\n]", "a:1:1: train is an array; it must be a non-empty path."),
            ("train = [1, 2]", "a:1:1: train is the array [1, 2]; it must be a non-empty path."),
            (
                "cutoffs = [10, 5]",
                "a:1:1: cutoffs is the array [10, 5]; it must be up to 8 ascending whole numbers from 1 to 1000000000, with commas between them."
            ),
            (
                "cutoffs = []",
                "a:1:1: cutoffs is the array []; it must be up to 8 ascending whole numbers from 1 to 1000000000, with commas between them."
            ),
            ("cutoffs = [10", "a:1:14: not valid TOML: expected ',' or ']' after a value of an array."),
            ("cutoffs = [", "a:1:11: not valid TOML: this array is not closed."),
            ("seed = 1\n seed = 2", "a:2:2: not valid TOML: duplicate key 'seed'; delete one of the two."),
        ])
    func advice(text: String, message: String) {
        let error = #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: text, path: "a") }
        #expect(error?.description == message)
    }

    @Test(
        "A list of whole numbers may be an array, with comments and line ends between its values",
        arguments: [
            "cutoffs = [2000, 10000]", "cutoffs = [2_000,\r\n  10000, # the second\n]", "cutoffs = \"2000,10000\"",
        ])
    func arrays(text: String) throws {
        let file = try ConfigurationFile(text: text + "\nlayers = 3\ntime-skips = [ 2,4 ]", path: "a")
        var (configuration, expected) = (TrainingConfiguration(), TrainingConfiguration())
        file.apply(to: &configuration)
        for (key, value) in [("cutoffs", "2000,10000"), ("time-skips", "2,4")] {
            let key = try #require(ConfigurationKey.named(key))
            let taken = expected.set(key, to: .text(value))
            #expect(taken)
        }
        expected.layers = 3
        #expect(configuration == expected)
    }

    @Test(
        "Files from editors are accepted: byte-order mark, CR LF, tabulators, comments after values, no line end at the end, quoted keys"
    )
    func editors() throws {
        let text =
            "\u{FEFF}# ours\r\n\tlayers\t=\t3\t# three\r\n\"hidden-size\" = 1_000\r\n'seed'=0x10\r\nlearning-rate=1e-3\r\ntie-weights = true"
        let values = try ConfigurationFile(text: text, path: "a").values
        let expected: [ConfigurationKey: ConfigurationValue] = [
            .layers: .integer(3), .hiddenSize: .integer(1000), .seed: .integer(16), .learningRate: .number(0.001),
            .tieWeights: .flag(true),
        ]
        #expect(values == expected)
    }

    @Test("A message about any file content is short")
    func shortMessages() {
        let long = String(repeating: "9", count: 1_000_000)
        let texts = [
            "layers = \(long)", "clip = \(long)", "clip = 0.\(long)x", "\(long) = 1", "train = \(long)a", "train = [\"\(long)\"]",
            "cell = \"\(long)\"",
            "[\(long)]", "a.\(long) = 1", "a\(long) = 1\na\(long) = 1",
        ]
        for text in texts {
            let error = #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: text, path: "a") }
            #expect(error.map { $0.description.utf8.count < 600 } == true, "\(text.prefix(20))")
        }
    }

    @Test(
        "What TOML has not is refused with its place",
        arguments: [
            ("layers", 1, 7), ("layers 3", 1, 8), ("= 3", 1, 1), ("layers =", 1, 9), ("layers = 03", 1, 10),
            ("layers = 1__0", 1, 10),
            ("layers = 3 4", 1, 12), ("a = 1.\n", 1, 5), ("a = .5", 1, 5), ("a = 0xfg", 1, 5),
            ("\na = \"b\nc\"", 2, 7), ("a = \"b", 1, 5), ("a = \"\\q\"", 1, 6), ("a = \"\\ud800\"", 1, 6), ("a = '''b", 1, 5),
            ("a = \"\"\"\\ b\"\"\"", 1, 8), ("a = 1\r", 1, 6), ("# \u{1}", 1, 3), ("[#", 1, 2), ("[", 1, 2), ("\"a = 1", 1, 1),
            ("layers = 1\nlayers = 2", 2, 1), ("\"\"\"a\"\"\" = 1", 1, 3), ("ä = 1", 1, 1), ("a = True", 1, 5), ("\0", 1, 1),
        ])
    func faults(text: String, line: Int, column: Int) {
        #expect(place(text) == [line, column], "\(text.debugDescription)")
    }

    @Test("Deep nesting is reported as a wrong value", arguments: ["[", "{a=", "[["])
    func nesting(piece: String) {
        let deep = String(repeating: piece, count: 100_000)
        #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: "layers = \(deep)", path: "a") }
        #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: "\(deep)", path: "a") }
    }
}
