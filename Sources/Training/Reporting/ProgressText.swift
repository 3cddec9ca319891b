/// A line of parts. If it is too long, the less important parts are omitted. Each character takes one column.
package struct ProgressText {
    struct Part {
        /// The text between the previous part and this one.
        let lead: String
        let text: String
        /// Parts with a lower importance are omitted first.
        let importance: Int
    }

    private(set) var parts: [Part] = []

    package init() {}

    /// The lead of a part after an omitted part.
    package static let usualLead = "  "

    /// Appends a part.
    package mutating func add(_ text: String, importance: Int, lead: String = Self.usualLead) {
        parts.append(Part(lead: lead, text: text, importance: importance))
    }

    /// All parts.
    package var text: String { joined(from: .min) }

    /// The parts that fit into `width` columns. If even the most important parts are too long, the text is cut.
    package func fitted(to width: Int) -> String {
        for least in Set(parts.map(\.importance)).sorted() {
            let text = joined(from: least)
            if text.count <= width { return text }
        }
        return String(joined(from: parts.map(\.importance).max() ?? 0).prefix(max(width, 0)))
    }

    /// The parts with at least this importance.
    private func joined(from least: Int) -> String {
        var text = ""
        for (index, part) in parts.enumerated() where part.importance >= least {
            let followsNext = index > 0 && parts[index - 1].importance >= least
            text += (text.isEmpty ? "" : followsNext ? part.lead : Self.usualLead) + part.text
        }
        return text
    }
}
