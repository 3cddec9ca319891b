/// Minimal pairs as JSON lines, as in BLiMP (Warstadt et al. 2020).
enum BLiMPPairs {
    private static let advice =
        "Each line must be a JSON object with the texts sentence_good and sentence_bad, as in the files of BLiMP."

    /// For each line, an item of every method whose fields it has.
    static func items(_ file: DataFile) throws(DataFileError) -> [ProbeItem] {
        var items: [ProbeItem] = []
        for line in 1...file.lines.count where !file.lines[line - 1].isEmpty {
            items += try pair(file, line)
        }
        return items
    }

    private static func pair(_ file: DataFile, _ line: Int) throws(DataFileError) -> [ProbeItem] {
        let pair = try file.json(line: line, advice: advice)
        guard let good = try text(pair, "sentence_good", file, line), let bad = try text(pair, "sentence_bad", file, line) else {
            throw file.error(line, "sentence_good or sentence_bad is missing", advice)
        }
        let (group, distance) = (pair["UID"]?.string ?? file.name, pair["dependency_length"]?.integer)
        func item(
            _ method: ProbeMethod, _ good: (prefix: String, word: String), _ bad: (prefix: String, word: String)
        ) -> ProbeItem {
            .comparing(place: line, group: group, method: method, distance: distance, good, bad)
        }
        var items = [
            ProbeItem(
                place: line, group: group, method: .sentence, distance: distance, texts: [[good], [bad]],
                claim: .less(.surprisal(.whole(text: 0)), .surprisal(.whole(text: 1))))
        ]
        if let prefix = try text(pair, "one_prefix_prefix", file, line),
            let good = try text(pair, "one_prefix_word_good", file, line),
            let bad = try text(pair, "one_prefix_word_bad", file, line)
        {
            items.append(item(.onePrefix, (prefix, good), (prefix, bad)))
        }
        if let word = try text(pair, "two_prefix_word", file, line),
            let good = try text(pair, "two_prefix_prefix_good", file, line),
            let bad = try text(pair, "two_prefix_prefix_bad", file, line)
        {
            items.append(item(.twoPrefix, (good, word), (bad, word)))
        }
        return items
    }

    /// A text of a pair; nil if it is missing.
    private static func text(
        _ pair: JSONElement, _ name: String, _ file: DataFile, _ line: Int
    ) throws(DataFileError) -> String? {
        guard let element = pair[name], element.value != .null else { return nil }
        guard let text = element.string, !text.isEmpty,
            !text.unicodeScalars.contains(where: { "\n\r".unicodeScalars.contains($0) })
        else {
            throw file.error(line, "'\(name)' is not a text on one line", advice)
        }
        return text
    }
}
