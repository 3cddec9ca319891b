import TextData

/// Lists of mlm-scoring (Salazar et al. 2020): `{"utt": {"hyp_1": {"score": ..., "text": ...}, ..., "ref": ...}}`.
enum MLMScoringLists {
    private static let advice =
        "The file must be a JSON object of utterances, each an object of hypotheses with a score and a text, and perhaps a ref."
    private static let reference = "ref"

    static func list(_ file: DataFile) throws(DataFileError) -> NBestList {
        let document = try file.json(advice: advice)
        guard let utterances = document.members, !utterances.isEmpty else {
            throw file.error(document.line, "there is no object of utterances", advice)
        }
        var list = NBestList(name: file.name)
        list.document = document
        var references: [String] = []
        var seen: Set<ExactText> = []
        for utterance in utterances {
            let element = utterance.element
            guard let members = element.members, members.contains(where: { $0.name != reference }) else {
                throw file.error(element.line, "the utterance '\(utterance.name)' has no hypotheses", advice)
            }
            guard seen.insert(ExactText(utterance.name)).inserted else {
                throw file.error(element.line, "the utterance '\(utterance.name)' is in the file twice", advice)
            }
            for member in members where member.name != reference { try append(member, of: utterance.name, to: &list, file) }
            if let text = try referenceText(of: element, file) {
                references.append(text)
            } else if list.firstWithoutReference == nil {
                list.firstWithoutReference = utterance.name
            }
        }
        if references.isEmpty { list.firstWithoutReference = nil }
        if references.count == utterances.count { list.references = references }
        return list
    }

    /// The reference of an utterance, which is a text or an object with a text; nil if there is none.
    private static func referenceText(of utterance: JSONElement, _ file: DataFile) throws(DataFileError) -> String? {
        guard let element = utterance[reference], element.members != nil else {
            return try file.text(reference, of: utterance, advice: advice)
        }
        return try file.text("text", of: element, advice: advice)
    }

    private static func append(
        _ member: JSONMember, of utterance: String, to list: inout NBestList, _ file: DataFile
    ) throws(DataFileError) {
        let element = member.element
        guard let score = element["score"]?.number, let text = element["text"]?.string,
            !text.unicodeScalars.contains(where: { "\n\r".unicodeScalars.contains($0) })
        else {
            throw file.error(
                element.line, "'\(member.name)' of '\(utterance)' has no number 'score' or no 'text' on one line", advice)
        }
        list.append(id: member.name, utterance: utterance, text: text, acoustic: score, line: element.line)
    }

    /// The document with two more members of each hypothesis: `lm_score`, log P in nats, and `total_score`.
    static func text(_ list: NBestList, _ scores: [RescoredHypothesis]) -> String {
        var next = 0
        let utterances = (list.document?.members ?? []).map { utterance in
            let members = (utterance.element.members ?? []).map { member in
                if member.name == reference { return member }
                defer { next += 1 }
                let added = [("lm_score", scores[next].logProbability), ("total_score", scores[next].total)]
                let kept = (member.element.members ?? []).filter { old in !added.contains { $0.0 == old.name } }
                let new = added.map { JSONMember($0.0, JSONElement(.number("\($0.1)"), line: 0)) }
                return JSONMember(member.name, JSONElement(.object(kept + new), line: 0))
            }
            return JSONMember(utterance.name, JSONElement(.object(members), line: 0))
        }
        return JSONElement(.object(utterances), line: 0).text(indent: 2) + "\n"
    }
}
