internal import RegexBuilder

/// Divides lines into the matches of a regular expression in Swift's syntax, which is that of PCRE without extensions.
struct PatternMatcher {
    let pattern: String
    private let start: MatchStart
    private let regex: Regex<Substring>
    /// The pattern alone, which is quicker; nil if a match may depend on the text before it.
    private let sliceRegex: Regex<AnyRegexOutput>?

    /// Throws `badTokenPattern` (64).
    init(_ pattern: String) throws(TextDataError) {
        self.pattern = pattern
        let start = MatchStart()
        self.start = start
        do {
            // Errors are about the pattern as the user wrote it.
            _ = try Regex(pattern)
            if let reason = PatternClasses.unusablePart(of: pattern) {
                throw TextDataError.badTokenPattern(pattern: pattern, reason: reason)
            }
            // A match begins and ends at any scalar, so that it does not depend on how characters combine.
            // A line ends at a line feed only, so a dot also matches the other characters that Unicode calls line ends.
            let spelledOut = PatternClasses.spelledOut(PossessiveQuantifiers.spelledOut(pattern))
            let tokens = try Regex(spelledOut).matchingSemantics(.unicodeScalar).dotMatchesNewlines()
            sliceRegex = PatternClasses.ignoresTextBefore(pattern) ? tokens : nil
            regex = Regex {
                start
                tokens
            }.matchingSemantics(.unicodeScalar)
        } catch let error as TextDataError {
            throw error
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
    /// The pattern sees the whole line, so that `^` matches at its start only, and `\b` depends on the character before a match. Each match is
    /// passed before the next one is searched. Memory: the line.
    func forEachMatch(
        in line: UnsafeRawBufferPointer, _ take: (FoundToken) throws(TextDataError) -> Void
    ) throws(TextDataError) -> Gap? {
        let text = String(decoding: line, as: UTF8.self)
        var offset = 0
        start.index = text.startIndex
        while start.index < text.endIndex {
            guard let end = try endOfMatch(in: text) else { return Gap(offset: offset, isEmptyMatch: false) }
            guard end > start.index else { return Gap(offset: offset, isEmptyMatch: true) }
            let endOffset = offset + text.utf8.distance(from: start.index, to: end)
            try take(FoundToken(bytes: UnsafeRawBufferPointer(rebasing: line[offset..<endOffset])))
            (start.index, offset) = (end, endOffset)
        }
        return nil
    }

    /// The end of the match that begins at `start`; nil without a match.
    private func endOfMatch(in text: String) throws(TextDataError) -> String.Index? {
        do {
            if let sliceRegex { return try sliceRegex.prefixMatch(in: text[start.index...])?.range.upperBound }
            return try regex.prefixMatch(in: text)?.range.upperBound
        } catch {
            throw .badTokenPattern(pattern: pattern, reason: "\(error)")
        }
    }
}

/// The part of a pattern that skips the text before a match.
///
/// `prefixMatch` on a slice of a line would take the start of the slice for the start of the line. `ranges(of:)` searches all matches before it
/// returns the first one, and takes several times as long.
private final class MatchStart: CustomConsumingRegexComponent {
    typealias RegexOutput = Substring
    var index = "".startIndex

    func consuming(
        _ input: String, startingAt _: String.Index, in _: Range<String.Index>
    ) throws -> (upperBound: String.Index, output: Substring)? {
        (index, input[index..<index])
    }
}
