import Configuration
import Failures
import Testing

@Suite("Numbers as text")
struct NumberTextTests {
    @Test("Thousands are grouped")
    func grouped() {
        let numbers = [0, 7, 999, 1000, 12_345, 1_234_567, -1000, -999]
        #expect(numbers.map(NumberText.grouped) == ["0", "7", "999", "1,000", "12,345", "1,234,567", "-1,000", "-999"])
        #expect(NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
    }

    @Test("Decimal places and significant digits")
    func digits() {
        #expect(NumberText.decimals(1643515.0797695252, 6) == "1643515.079770" && NumberText.fixed(1643515, 6) == "1.644e+06")
        #expect(NumberText.fixed(1.005, 1) == "1.0" && NumberText.fixed(-2, 3) == "-2.000")
        #expect(NumberText.fixed(.nan, 2) == "nan" && NumberText.fixed(.infinity, 2) == "inf")
        #expect(NumberText.significant(0.002) == "0.002" && NumberText.significant(1e-5) == "1e-05")
        #expect(NumberText.significant(0.123456, 3) == "0.123")
    }

    @Test("Durations have two units; an invalid duration is a question mark")
    func durations() {
        #expect(
            [0, 59.4, 59.5, 192, 3599, 3600, 7500].map(NumberText.duration) == [
                "0s", "59s", "1m 00s", "3m 12s", "59m 59s", "1h 00m", "2h 05m",
            ])
        #expect(NumberText.duration(seconds: 4 * 86_400 + 6 * 3600) == "4d 06h")
        #expect([Double.nan, .infinity, -1, 1e12].map(NumberText.duration) == ["?", "?", "?", "?"])
    }

    @Test("Large numbers have a prefix")
    func scaled() {
        #expect(NumberText.scaled(999) == "999" && NumberText.scaled(6712) == "6.7 k" && NumberText.scaled(123_456) == "123 k")
        #expect(NumberText.scaled(79_600_000, unit: "B") == "79.6 MB" && NumberText.scaled(12, unit: "B") == "12 B")
        #expect(NumberText.scaled(3.32e9) == "3.3 G")
    }

    @Test("Perplexities of a million and more are in scientific notation, and values that are not finite are words")
    func perplexities() {
        #expect(NumberText.perplexity(1.23456) == "1.2346" && NumberText.perplexity(91.126) == "91.13")
        #expect(NumberText.perplexity(999_999) == "999999.00" && NumberText.perplexity(1e6) == "1.000e+06")
        #expect(NumberText.perplexity(1.23456e7, digits: 3) == "1.235e+07" && NumberText.perplexity(7.5, digits: 3) == "7.500")
        #expect(NumberText.perplexity(.infinity) == "over 1e308" && NumberText.perplexity(.nan) == "nan")
    }

    @Test("Counts have singular or plural nouns")
    func counts() {
        #expect(
            [0, 1, 2, 12_345].map { NumberText.counted($0, "token") } == ["0 tokens", "1 token", "2 tokens", "12,345 tokens"])
        #expect(
            CheckpointInterval.steps(1).description == "1 step"
                && CheckpointInterval.time(TimeSpan(seconds: 60)).description == "1 minute")
        #expect(TimeSpan(seconds: 60).description == "1 minute" && TimeSpan(seconds: 7200).description == "2 hours")
    }
}
