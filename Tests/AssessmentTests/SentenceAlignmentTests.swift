import Assessment
import Testing

@Suite("Alignment of sentences")
struct SentenceAlignmentTests {
    private typealias Symbol = SentenceAlignment.Symbol<Character>

    /// Capital letters are unknown.
    private func leavesOutUnknown(_ a: String, _ b: String) -> Bool {
        let symbols = { (text: String) in text.map { Symbol($0, isUnknown: $0.isUppercase) } }
        return SentenceAlignment.leavesOutUnknown(symbols(a), symbols(b))
    }

    @Test("Unknown symbols count that a longest common subsequence leaves out")
    func examples() {
        for (a, b, expected) in [
            ("tXpa", "wXpi", false), ("X", "X", false), ("", "", false), ("", "X", true), ("tXa", "tYa", true),
            ("Xab", "abX", true),
            ("aX", "Xa", true), ("aXbX", "aXcX", false), ("aXX", "bX", true), ("abc", "acb", false), ("aXbYc", "dXeYf", false),
        ] {
            #expect(leavesOutUnknown(a, b) == expected && leavesOutUnknown(b, a) == expected, "\(a) \(b)")
        }
    }

    @Test("So it is by every common subsequence of short sentences")
    func exhaustive() {
        let unknown = { (text: String) in text.count { $0.isUppercase } }
        let texts = Self.texts(of: "aXY", upTo: 4).map { (text: $0, parts: Self.subsequences($0), unknown: unknown($0)) }
        for a in texts {
            for b in texts {
                let common = a.parts.intersection(b.parts)
                let length = common.map(\.count).max() ?? 0
                let expected = common.contains { $0.count == length && 2 * unknown($0) < a.unknown + b.unknown }
                #expect(leavesOutUnknown(a.text, b.text) == expected, "\(a.text) \(b.text)")
            }
        }
    }

    private static func texts(of letters: String, upTo length: Int) -> [String] {
        var (all, last) = ([""], [""])
        for _ in 0..<length {
            last = last.flatMap { text in letters.map { text + String($0) } }
            all += last
        }
        return all
    }

    private static func subsequences(_ text: String) -> Set<String> {
        text.reduce(into: [""]) { found, letter in found.formUnion(found.map { $0 + String(letter) }) }
    }
}
