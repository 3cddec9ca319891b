import Failures

/// A table for people: columns of equal width, two blanks apart. The first column is aligned to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    init(header: [String]) { rows = [Self.shown(header)] }

    mutating func append(_ row: [String]) { rows.append(Self.shown(row)) }

    /// The fields with control characters escaped, so that a row is one line.
    private static func shown(_ row: [String]) -> [String] { row.map { Quotation.inFull($0, as: .text) } }

    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, field) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - field.count)
                line += column == 0 ? field + blanks : "  " + blanks + field
            }
            return line.replacing(/[ ]+$/, with: "") + "\n"
        }.joined()
    }
}
