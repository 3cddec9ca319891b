import Configuration
import Kinds
import Testing

@Suite("Output layers that take the numbers of tokens for ranks")
struct RanksWarningTests {
    private func warning(_ values: [ConfigurationKey: String]) throws -> String? {
        var configuration = TrainingConfiguration()
        for (key, value) in values { try configuration.set(key, argument: value) }
        return configuration.ranksWarning
    }

    @Test("They are warned of with bytes and with pieces, in the words of the option", arguments: ["byte", "sentencepiece"])
    func warned(tokens: String) throws {
        for (values, option) in [
            ([.output: "adaptive"], "--output adaptive"), ([.output: "class"], "--output class"),
            ([.output: "nce", .tokenFrequencies: "zipf"], "--token-frequencies zipf"),
            ([.output: "hierarchical", .tokenFrequencies: "zipf"], "--token-frequencies zipf"),
        ] as [([ConfigurationKey: String], String)] {
            let text = try #require(try warning(values.merging([.tokens: tokens]) { first, _ in first }))
            #expect(text.hasPrefix("the tokens of --tokens \(tokens) are not numbered by frequency, and \(option) "), "\(text)")
            #expect(text.contains("--token-frequencies counts"), "\(text)")
            #expect(text.contains("or --tokens char") == (tokens == "byte"), "\(text)")
        }
    }

    @Test(
        "Other outputs, other tokens and labels are not",
        arguments: [
            [.tokens: "byte"], [.tokens: "byte", .output: "nce"], [.tokens: "byte", .output: "hierarchical"],
            [.tokens: "char", .output: "adaptive"], [.output: "class"],
            [.tokens: "byte", .output: "nce", .tokenFrequencies: "zipf", .task: "classifier"],
        ] as [[ConfigurationKey: String]])
    func accepted(values: [ConfigurationKey: String]) throws {
        #expect(try warning(values) == nil)
    }
}
