/// A line of parts, of which the less important are left out where there is no room for all. One column a character.
package struct ProgressText {
    struct Part {
        /// What stands between the part before it and this one.
        let lead: String
        let text: String
        /// Parts with a lower one are left out first.
        let importance: Int
    }

    private(set) var parts: [Part] = []

    package init() {}

    /// What stands before a part whose own lead belongs to a part that was left out.
    package static let usualLead = "  "

    /// Adds a part behind the others.
    package mutating func add(_ text: String, importance: Int, lead: String = Self.usualLead) {
        parts.append(Part(lead: lead, text: text, importance: importance))
    }

    /// All parts.
    package var text: String { joined(from: .min) }

    /// The parts that fit into so many columns; what is left in the end is cut where even that is too long.
    package func fitted(to width: Int) -> String {
        for least in Set(parts.map(\.importance)).sorted() {
            let text = joined(from: least)
            if text.count <= width { return text }
        }
        return String(joined(from: parts.map(\.importance).max() ?? 0).prefix(max(width, 0)))
    }

    /// The parts of this importance and more.
    private func joined(from least: Int) -> String {
        var text = ""
        for (index, part) in parts.enumerated() where part.importance >= least {
            let followsNext = index > 0 && parts[index - 1].importance >= least
            text += (text.isEmpty ? "" : followsNext ? part.lead : Self.usualLead) + part.text
        }
        return text
    }
}
