/// The alignment of two sentences by a longest common subsequence.
package enum SentenceAlignment {
    /// A token or word of a sentence.
    package struct Symbol<Text: Equatable>: Equatable {
        let text: Text
        /// Whether the model cannot score it by itself.
        let isUnknown: Bool

        package init(_ text: Text, isUnknown: Bool) { (self.text, self.isUnknown) = (text, isUnknown) }
    }

    /// Whether a longest common subsequence of `a` and `b` leaves out an unknown symbol of one of them. If there are several, each counts.
    ///
    /// For parts of n and m symbols between the common beginning and the common end, the time is in proportion to n m.
    package static func leavesOutUnknown<Text>(_ a: [Symbol<Text>], _ b: [Symbol<Text>]) -> Bool {
        let (a, b) = withoutCommonEnds(a, b)
        let unknownCount = a.count { $0.isUnknown } + b.count { $0.isUnknown }
        guard unknownCount > 0 else { return false }
        // The longest subsequence with the fewest unknown symbols has the greatest sum of `unit` for each symbol, less 1 if it is unknown.
        let unit = min(a.count, b.count) + 1
        /// The greatest sums of the symbols of `a` so far and of each beginning of `b`.
        var sums = [Int](repeating: 0, count: b.count + 1)
        for symbol in a {
            var diagonal = 0
            for (index, other) in b.enumerated() {
                let above = sums[index + 1]
                sums[index + 1] = symbol == other ? diagonal + unit - (symbol.isUnknown ? 1 : 0) : max(above, sums[index])
                diagonal = above
            }
        }
        let length = (sums[b.count] + unit - 1) / unit
        return 2 * (length * unit - sums[b.count]) < unknownCount
    }

    private static func withoutCommonEnds<Element: Equatable>(
        _ a: [Element], _ b: [Element]
    ) -> (a: ArraySlice<Element>, b: ArraySlice<Element>) {
        let shorter = min(a.count, b.count)
        let start = (0..<shorter).first { a[$0] != b[$0] } ?? shorter
        let end = (0..<(shorter - start)).first { a[a.count - 1 - $0] != b[b.count - 1 - $0] } ?? shorter - start
        return (a[start..<(a.count - end)], b[start..<(b.count - end)])
    }
}
