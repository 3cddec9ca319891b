import Failures
/// Candidates of NeMo: `candidate<tab>score`, with exactly `beam` lines for each utterance.
enum NeMoLists {
    private static let advice = "A line is: candidate, a tab, and its score; each utterance has --beam-size lines."

    static func list(_ file: DataFile, beam: Int) throws(DataFileError) -> NBestList {
        var list = NBestList(name: file.name)
        for line in 1...file.lines.count {
            let text = file.lines[line - 1]
            guard let tab = text.lastIndex(of: "\t"), let score = Double(decimal: text[text.index(after: tab)...]) else {
                throw file.error(line, "the line does not end in a tab and a score", advice)
            }
            let utterance = (line - 1) / beam
            list.append(id: "", utterance: "\(utterance + 1)", text: String(text[..<tab]), acoustic: score, line: line)
        }
        guard file.lines.count % beam == 0 else {
            throw file.error(
                file.lines.count,
                "the file has \(counted(file.lines.count, "line")), which is no multiple of the beam size \(beam)", advice)
        }
        return list
    }
}
