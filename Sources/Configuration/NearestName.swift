/// Suggestions for mistyped names.
package enum NearestName {
    /// Longer names are not compared: they are not misspelled names, and comparing them takes long.
    private static let longest = 100

    /// The most similar candidate; nil if none is similar.
    ///
    /// This is the first candidate that begins with the name, which has 3 characters or more. Otherwise it is the first one with the
    /// smallest edit distance, if that is at most a third of the name's length or 2. Case and underscores for dashes do not count.
    package static func of(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= longest else { return nil }
        let wanted = Array(name.lowercased().map { $0 == "_" ? "-" : $0 })
        if wanted.count >= 3, let longer = candidates.first(where: { $0.hasPrefix(String(wanted)) }) { return longer }
        let ranked = candidates.map { (name: $0, distance: distance(wanted, Array($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, wanted.count / 3) ? best.name : nil
    }

    /// The Levenshtein distance: the number of insertions, deletions and substitutions that turn one text into the other.
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
