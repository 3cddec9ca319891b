import Foundation
import TextData
import Testing

@Suite struct EmbeddedReberGrammarTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "Strings of the grammar are accepted, one or several",
        arguments: [
            "BTBTXSETE", "BPBPVVEPE", "BTBTSSXXTVVETE", "BPBPTTVPSEPE", "BTBTXXVPSETE", "BTBPVPXVVETE", "", "BTBTXSETEBPBPVVEPE",
        ])
    func accepted(text: String) {
        #expect(EmbeddedReberGrammar.accepts(bytes(text)))
    }

    @Test(
        "Other strings are rejected at their first invalid symbol",
        arguments: [
            ("BTBTXSEPE", 7), ("BPBPVVETE", 7), ("BTBTTSETE", 4), ("BTBTXSE", nil), ("B", nil), ("TBTXSET", 0), ("BTXSE", 2),
            ("BTBTXSETE\n", 9), ("BTBTXVETE", 5), ("BXBTXSETE", 1),
        ] as [(String, Int?)])
    func rejected(text: String, offset: Int?) {
        #expect(!EmbeddedReberGrammar.accepts(bytes(text)))
        let error = textDataError { _ = try EmbeddedReberGrammar.score(bytes(text)) }
        guard let offset else {
            #expect(error == nil)
            return
        }
        guard case .notReber(offset, bytes(text)[offset], _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.exitStatus == .badData)
    }

    @Test("Generated text is valid, long enough, complete, and the same for the same seed", arguments: [0, 1, 12, 1000])
    func generated(symbolCount: Int) {
        let text = EmbeddedReberGrammar.generate(symbolCount: symbolCount, seed: 7)
        #expect(EmbeddedReberGrammar.accepts(text))
        #expect(text.count >= symbolCount && text.count < symbolCount + 200)
        #expect(text == EmbeddedReberGrammar.generate(symbolCount: symbolCount, seed: 7))
        #expect(symbolCount == 0 || text != EmbeddedReberGrammar.generate(symbolCount: symbolCount, seed: 8))
    }

    @Test("The first strings of seed 1 are pinned")
    func pinned() {
        let text = EmbeddedReberGrammar.generate(symbolCount: 40, seed: 1)
        #expect(String(decoding: text, as: UTF8.self) == "BPBPVPXVVEPEBPBTXXVPSEPEBTBTXSETEBPBPTTTTTTVVEPE")
    }

    @Test("The score counts choices between two equally probable symbols")
    func score() throws {
        // The choices are T, then T, X, S of the inner string.
        let score = try EmbeddedReberGrammar.score(bytes("BTBTXSETE"))
        #expect(score.symbolCount == 9 && score.choiceCount == 4 && score.endsWithString)
        #expect(abs(score.negativeLogLikelihood - 4 * log(2)) < 1e-12)
        #expect(abs(score.natsPerSymbol - 4 * log(2) / 9) < 1e-12)
        #expect(abs(score.natsPerPrediction - 4 * log(2) / 8) < 1e-12)
    }

    @Test("The entropy satisfies the equations")
    func entropy() {
        // The visits, by iteration of the equations in the documentation to their fixed point.
        var (a, b, c, d, e) = (1.0, 0.0, 0.0, 0.0, 0.0)
        for _ in 0..<200 { (a, b, c, d, e) = (1, a / 2 + b / 2, a / 2 + c / 2 + d / 2, b / 2 + e / 2, c / 2) }
        let inner = a + b + c + d + e
        #expect(abs(inner + 1 - EmbeddedReberGrammar.expectedChoices) < 1e-12)
        #expect(abs(inner + 6 - EmbeddedReberGrammar.expectedLength) < 1e-12)
        #expect(abs(EmbeddedReberGrammar.entropy - 7 * log(2) / 12) < 1e-15)
        #expect(abs(EmbeddedReberGrammar.optimalPerplexity - exp(EmbeddedReberGrammar.entropy)) < 1e-14)
    }

    @Test("The score of a long text equals the entropy within sampling error", arguments: 1...5)
    func sampling(seed: Int) throws {
        let text = EmbeddedReberGrammar.generate(symbolCount: 600_000, seed: UInt64(seed))
        let score = try EmbeddedReberGrammar.score(text)
        // About 50,000 strings. The number of choices minus 7/12 of the length has a standard deviation below 1.5 per string.
        let margin = 5 * 1.5 * 0.6931 / 12 / 50_000.0.squareRoot()
        #expect(abs(score.natsPerSymbol - EmbeddedReberGrammar.entropy) < margin)
        let counts = Dictionary(text.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts.count == 7)
        // B and E occur twice in a string of twelve.
        for symbol in "BE".utf8 {
            let share = Double(counts[symbol] ?? 0) / Double(text.count)
            #expect(abs(share - 2.0 / 12) < 0.002)
        }
    }
}
