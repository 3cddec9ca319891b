import Configuration
import Testing

@Suite("Suggestions for mistyped names")
struct NearestNameTests {
    private static let names = ["top-p", "temperature", "top-k", "hidden-size", "seed", "time-limit"]

    @Test(
        "The candidate that begins with the name is preferred to one that is nearer by edit distance",
        arguments: [
            ("temp", "temperature"), ("TEMP", "temperature"), ("hidden", "hidden-size"), ("hidden_s", "hidden-size"),
            ("sead", "seed"), ("top_k", "top-k"), ("time-limits", "time-limit"),
        ])
    func nearest(name: String, expected: String) {
        #expect(NearestName.of(name, among: Self.names) == expected)
    }

    @Test("A name that resembles none has no suggestion", arguments: ["x", "surprisal", String(repeating: "a", count: 1000)])
    func none(name: String) {
        #expect(NearestName.of(name, among: ["temperature", "hidden-size"]) == nil)
    }
}
