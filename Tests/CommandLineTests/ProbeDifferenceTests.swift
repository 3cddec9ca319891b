import TestSupport
import Testing

/// Unknown words of whole sentences.
@Suite("probe: words in which two sentences differ")
struct ProbeDifferenceTests {
    private func decisions(_ pairs: [(good: String, bad: String)]) throws -> [Substring] {
        let lines = pairs.map { "{\"sentence_good\":\"\($0.good)\",\"sentence_bad\":\"\($0.bad)\"}" }
        let outcome = try SmallModels.shell(
            "cat <<'END' | $R probe --checkpoint word --pairs - --format blimp --items\n\(lines.joined(separator: "\n"))\nEND")
        try #require(outcome.status == 0, "\(outcome)")
        return outcome.output.split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)[3]
        }
    }

    @Test("An unknown word that both sentences share is read as <unk>, also between two differences")
    func sharedWords() throws {
        let shared = [("the zz cat on mat", "sat zz cat the mat"), ("the zz cat yy sat", "mat zz on yy größe")]
        #expect(try !decisions(shared + shared.map { ($1, $0) }).contains("unknown"))
        let different = [
            ("the zz cat", "sat cat zz"), ("the zz on", "sat yy on"), ("the zz cat zz", "sat zz cat on"), ("zz", "the"),
        ]
        #expect(try decisions(different + different.map { ($1, $0) }).allSatisfy { $0 == "unknown" })
    }
}
