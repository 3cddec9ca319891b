/// The name that a mistyped one was probably meant to be.
enum NearestName {
    /// What is longer is no misspelt name, and would take long to compare.
    private static let longest = 100

    /// The first of the candidates nearest to a name; nil if none is near.
    ///
    /// Near is an edit distance of a third of the name's length, or 2. Case and underscores for dashes cost nothing.
    static func of(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= longest else { return nil }
        let wanted = Array(name.lowercased().map { $0 == "_" ? "-" : $0 })
        let ranked = candidates.map { (name: $0, distance: distance(wanted, Array($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, wanted.count / 3) ? best.name : nil
    }

    /// Levenshtein's distance: insertions, deletions and substitutions that turn one text into the other.
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
