import Inference
import Testing

@Suite("Stop strings")
struct StopFilterTests {
    private static let cases: [(stops: [String], pieces: [String], expected: String)] = [
        (["BC"], ["xA", "BCD"], "xA"), (["abX"], ["ab"], "ab"), ([], ["ab"], "ab"),
        // A whole string behind the beginning of a longer one.
        (["abX", "b"], ["ab"], "a"), (["ABCD", "BC"], ["xA", "BC"], "xA"), (["ABCD", "BC"], ["xABC", "E"], "xA"),
        (["ABCD", "BC"], ["xABC", "D"], "x"), (["ABCD", "BCDE", "C"], ["xABC"], "xAB"),
    ]

    @Test("A text ends before the first stop string, also if a longer one is not completed", arguments: cases.indices)
    func texts(number: Int) {
        let (stops, pieces, expected) = Self.cases[number]
        var filter = StopFilter(stops)
        var text: [UInt8] = []
        for piece in pieces where !filter.isStopped { text += filter.pass(Array(piece.utf8)) }
        if !filter.isStopped { text += filter.end() }
        #expect(String(decoding: text, as: UTF8.self) == expected)
        #expect(filter.isStopped == (expected != pieces.joined()))
    }
}
