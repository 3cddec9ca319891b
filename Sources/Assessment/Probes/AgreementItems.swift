import Failures
import TextData

/// Agreement in sentences with the columns of a `.gold` file (Gulordava et al. 2018).
enum AgreementItems {
    private static let advice =
        "A line of a .gold file has four columns, separated by tabs: index of the target word in its sentence (from 0), right form, wrong form, "
        + "number of attractors."

    /// An item for each line of `gold`, whose sentence is the same line of `text`.
    static func items(_ gold: DataFile, text: DataFile) throws(DataFileError) -> [ProbeItem] {
        guard gold.lines.count == text.lines.count else {
            throw gold.error(
                nil, "the file has \(counted(gold.lines.count, "line")), but \(text.name) has \(text.lines.count)",
                "The two files must describe the same sentences, one a line.")
        }
        var items: [ProbeItem] = []
        for line in 1...gold.lines.count { items.append(try item(gold, text, line)) }
        return items
    }

    private static func item(_ gold: DataFile, _ text: DataFile, _ line: Int) throws(DataFileError) -> ProbeItem {
        let columns = gold.lines[line - 1].fields(separatedBy: "\t")
        guard columns.count == 4, let index = Int(columns[0]), index >= 0, let attractors = Int(columns[3]), attractors >= 0,
            columns[1...2].allSatisfy({ !$0.isEmpty && $0.fields(separatedBy: " ").count == 1 })
        else { throw gold.error(line, "the line has not the four columns of a .gold file", advice) }
        let words = text.lines[line - 1].words
        guard index < words.count, [columns[1], columns[2]].contains(where: { ExactText($0) == ExactText(words[index]) }) else {
            let found =
                index < words.count
                ? "word \(index) of its sentence is '\(words[index])'" : "its sentence has \(words.count) words"
            throw gold.error(line, "\(found), not '\(columns[1])' or '\(columns[2])'", advice)
        }
        let prefix = words[..<index].joined(separator: " ")
        return .comparing(
            place: line, group: gold.name, method: .target, attractors: attractors, (prefix, columns[1]), (prefix, columns[2]))
    }
}
