import Foundation
import NGrams
import Testing

/// Scores of KenLM with ARPA files of rnntrain, written by `Tests/Reference/kenlm_scores.py`.
private struct KenLMFixture: Decodable {
    let order: Int
    let text: String
    let sentences: [String]
    let scores: [[Double]]
}

@Suite struct KenLMTests {
    @Test("KenLM gives every word the same probability")
    func scores() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/kenlm", withExtension: "json"))
        let fixtures = try JSONDecoder().decode([KenLMFixture].self, from: Data(contentsOf: url))
        #expect(fixtures.map(\.order) == [2, 3, 5])
        for fixture in fixtures {
            let model = try read(arpa(model(of: fixture.text, order: fixture.order)))
            for (sentence, scores) in zip(fixture.sentences, fixture.scores) {
                let found = try logarithms(sentence, model)
                #expect(found.count == scores.count)
                for (a, b) in zip(found, scores) { #expect(abs(a - b) < 1e-5, "\(a), KenLM \(b) in '\(sentence)'") }
            }
        }
    }
}
