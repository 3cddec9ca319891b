/// Divides lines into the matches of a regular expression in Swift's syntax, which is that of PCRE without extensions.
struct PatternMatcher {
    let pattern: String
    private let regex: Regex<AnyRegexOutput>

    /// Throws `badTokenPattern` (64).
    init(_ pattern: String) throws(TextDataError) {
        self.pattern = pattern
        do {
            // A match begins and ends at any scalar, so that it does not depend on how characters combine.
            // A line ends at a line feed only, so a dot also matches the other characters that Unicode calls line ends.
            regex = try Regex(pattern).matchingSemantics(.unicodeScalar).dotMatchesNewlines()
        } catch {
            throw .badTokenPattern(pattern: pattern, reason: "\(error)".split(separator: "\n").first.map(String.init) ?? "")
        }
    }

    /// Passes the matches, each from the end of the one before, to `take`. Returns the offset at which nothing matches, or nil.
    func forEachMatch(
        in line: UnsafeRawBufferPointer, _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) -> Int? {
        let text = String(decoding: line, as: UTF8.self)
        var (start, offset) = (text.startIndex, 0)
        while start < text.endIndex {
            guard let match = try? regex.prefixMatch(in: text[start...]), !match.range.isEmpty else { return offset }
            let end = offset + text.utf8.distance(from: start, to: match.range.upperBound)
            try take(FoundToken(bytes: UnsafeRawBufferPointer(rebasing: line[offset..<end])))
            (start, offset) = (match.range.upperBound, end)
        }
        return nil
    }
}
