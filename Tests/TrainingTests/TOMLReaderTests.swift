import Testing
import Training

@Suite("TOML as far as a configuration needs it")
struct TOMLReaderTests {
    private func train(_ value: String) throws -> ConfigurationValue? {
        try ConfigurationFile(text: "train = \(value)\nlayers = 3", path: "a").values[.train]
    }

    private func number(_ value: String) throws -> ConfigurationValue? {
        try ConfigurationFile(text: "learning-rate = \(value) # comment", path: "a").values[.learningRate]
    }

    /// Line and column of the fault.
    private func place(_ text: String) -> [Int] {
        do throws(ConfigurationFileError) {
            _ = try ConfigurationFile(text: text, path: "a")
        } catch {
            if case .syntax("a", let line, let column, _) = error { return [line, column] }
        }
        return []
    }

    @Test(
        "Strings of all four kinds",
        arguments: [
            (#""a\tb\"\\ \u00e9\U0001F600""#, "a\tb\"\\ é😀"), ("'a\\t#'", "a\\t#"), ("\"\"", ""), ("''", ""), ("\"#\" # c", "#"),
            ("\"\"\"\na\nb\"\"\"", "a\nb"), ("\"\"\"a\\\n  \n  b\"\"\"", "ab"), ("'''\r\na\r\n'b'''", "a\r\n'b"),
            ("\"\"\"a\"\"\"\"\"", "a\"\""), ("''''a'''", "'a"), ("\"\"\"\"\"\"", ""),
        ])
    func strings(spelled: String, text: String) throws {
        #expect(try train(spelled) == .text(text))
    }

    @Test(
        "Numbers of all kinds",
        arguments: [
            ("1e-05", 1e-05), ("+0.5", 0.5), ("-0.0", 0), ("1_000.5e2", 100_050), ("inf", .infinity), ("-inf", -.infinity),
            ("6E+2", 600),
        ] as [(String, Double)])
    func numbers(spelled: String, value: Double) throws {
        #expect(try number(spelled) == .number(value))
    }

    @Test("Whole numbers", arguments: [("0", 0), ("+7", 7), ("-1_0", -10), ("0xff", 255), ("0o17", 15), ("0b101", 5)])
    func wholeNumbers(spelled: String, value: Int) throws {
        #expect(try number(spelled) == .integer(value))
    }

    @Test("A number that is not a number is read as such")
    func nan() throws {
        guard case .number(let value) = try number("nan") else { throw ConfigurationFileError.notUTF8(path: "") }
        #expect(value.isNaN)
    }

    @Test(
        "What TOML has not is refused with its place",
        arguments: [
            ("layers", 1, 7), ("layers 3", 1, 8), ("= 3", 1, 1), ("layers =", 1, 9), ("layers = 03", 1, 10),
            ("layers = 1__0", 1, 10),
            ("layers = 3 4", 1, 12), ("a = 1.\n", 1, 5), ("a = .5", 1, 5), ("a = 99999999999999999999", 1, 5), ("a = 0xfg", 1, 5),
            ("\na = \"b\nc\"", 2, 7), ("a = \"b", 1, 5), ("a = \"\\q\"", 1, 6), ("a = \"\\ud800\"", 1, 6), ("a = '''b", 1, 5),
            ("a = \"\"\"\\ b\"\"\"", 1, 8), ("a = 1\r", 1, 6), ("# \u{1}", 1, 3), ("[#", 1, 2), ("[", 1, 2), ("\"a = 1", 1, 1),
            ("layers = 1\nlayers = 2", 2, 1), ("\"\"\"a\"\"\" = 1", 1, 3), ("ä = 1", 1, 1), ("a = True", 1, 5), ("\0", 1, 1),
        ])
    func faults(text: String, line: Int, column: Int) {
        #expect(place(text) == [line, column], "\(text.debugDescription)")
    }

    @Test("Nesting however deep is a wrong value and no more", arguments: ["[", "{a=", "[["])
    func nesting(piece: String) {
        let deep = String(repeating: piece, count: 100_000)
        #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: "layers = \(deep)", path: "a") }
        #expect(throws: ConfigurationFileError.self) { try ConfigurationFile(text: "\(deep)", path: "a") }
    }
}
