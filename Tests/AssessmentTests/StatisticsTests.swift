import Assessment
import Testing

@Suite("Statistics of comparisons")
struct StatisticsTests {
    @Test("The interval of Wilson has the published values")
    func wilson() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20 and 1 of 29.
        for (successes, count, low, high) in [
            (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
        ] {
            let interval = Interval.wilson(successes: successes, of: count)
            #expect(abs((interval?.low ?? 9) - low) < 5e-5 && abs((interval?.high ?? 9) - high) < 5e-5, "\(interval as Any)")
        }
        #expect(Interval.wilson(successes: 20, of: 20)?.high == 1 && Interval.wilson(successes: 0, of: 0) == nil)
    }

    @Test("The shortest edit of two sentences")
    func errors() {
        for (hypothesis, reference, errors) in [
            ("a b c", "a b c", 0), ("a c", "a b c", 1), ("a b b c", "a b c", 1), ("x y z", "a b c", 3), ("", "a b", 2),
            ("a  b", "", 2),
            ("b c d", "a b c", 2), ("a\tb", "a b", 0),
        ] {
            #expect(WordErrors.errors(of: hypothesis, reference: reference) == errors, "\(hypothesis) for \(reference)")
        }
        #expect(WordErrors(errors: 3, words: 12).rate == 0.25 && WordErrors(errors: 0, words: 0).rate == nil)
    }

    @Test("JSON keeps the order and the digits of a document, and names the line of a fault")
    func json() throws {
        let text = "{\"b\": [1.50, -2e-3, \"\\u00e9\\ud83d\\ude00\\n\"], \"a\": {}, \"c\": null, \"d\": true}"
        let element = try JSONParser.parse(text)
        #expect(element.text() == "{\"b\": [1.50, -2e-3, \"é😀\\n\"], \"a\": {}, \"c\": null, \"d\": true}")
        for (text, line) in [
            ("{\n\"a\":\n}", 3), ("[1,\n\n2", 3), ("1 2", 1), ("[1}", 1), ("\"\n\"", 1), ("nul", 1), ("", 1), ("1e999", 1),
            ("0x1", 1), ("\n\"\\ud83d\"", 2), ("\"\\ude00\"", 1), ("\"\\ud83d\\u0061\"", 1), ("{\"a\":1,\n\"a\":2}", 2),
            ("01", 1), ("[-01]", 1), ("00", 1), ("-", 1), ("1.", 1), (".5", 1),
        ] {
            let fault = #expect(throws: JSONFault.self) { try JSONParser.parse(text) }
            #expect(fault?.line == line, "\(text): \(fault as Any)")
        }
        #expect(throws: JSONFault.self) { try JSONParser.parse(String(repeating: "[", count: 100_000)) }
        let large = #expect(throws: JSONFault.self) { try JSONParser.parse("1e500") }
        #expect(large?.reason == "the number 1e500 is too large")
        #expect(try ["0", "-0", "0.5e-3", "10", "2.0"].map { try JSONParser.parse($0).integer } == [0, 0, nil, 10, 2])
    }
}
