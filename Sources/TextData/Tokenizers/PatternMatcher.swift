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
            regex = try Regex(PatternClasses.spelledOut(pattern)).matchingSemantics(.unicodeScalar).dotMatchesNewlines()
        } catch {
            throw .badTokenPattern(pattern: pattern, reason: "\(error)".split(separator: "\n").first.map(String.init) ?? "")
        }
    }

    /// A place of a line at which no token begins.
    struct Gap {
        let offset: Int
        /// Whether the pattern matches there, but no character.
        let isEmptyMatch: Bool
    }

    /// Passes the matches, each from the end of the one before, to `take`. Returns the place at which no token begins, or nil.
    ///
    /// The pattern sees the whole line, so that `^` matches at its start only, and `\b` depends on the character before a match. Memory: the line,
    /// and 16 bytes for each match.
    func forEachMatch(
        in line: UnsafeRawBufferPointer, _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) -> Gap? {
        let text = String(decoding: line, as: UTF8.self)
        var (start, offset, isEmptyMatch) = (text.startIndex, 0, false)
        for range in text.ranges(of: regex) {
            isEmptyMatch = range.lowerBound == start && range.isEmpty
            guard range.lowerBound == start, !range.isEmpty else { break }
            let end = offset + text.utf8.distance(from: start, to: range.upperBound)
            try take(FoundToken(bytes: UnsafeRawBufferPointer(rebasing: line[offset..<end])))
            (start, offset) = (range.upperBound, end)
        }
        return start < text.endIndex ? Gap(offset: offset, isEmptyMatch: isEmptyMatch) : nil
    }
}
