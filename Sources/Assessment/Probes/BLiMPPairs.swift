/// Minimal pairs as JSON lines, as in BLiMP (Warstadt et al. 2020).
enum BLiMPPairs {
    private static let advice =
        "Each line must be a JSON object with the texts sentence_good and sentence_bad, or with the fields of a prefix method, as in the files of BLiMP."

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
        let group = try file.text("UID", of: pair, advice: advice) ?? file.name
        let distance = try file.wholeNumber("dependency_length", of: pair, advice: advice)
        func item(
            _ method: ProbeMethod, _ good: (prefix: String, word: String), _ bad: (prefix: String, word: String)
        ) -> ProbeItem {
            .comparing(place: line, group: group, method: method, distance: distance, good, bad)
        }
        var items: [ProbeItem] = []
        if let texts = try texts(pair, ["sentence_good", "sentence_bad"], file, line) {
            items.append(
                ProbeItem(
                    place: line, group: group, method: .sentence, distance: distance, texts: [[texts[0]], [texts[1]]],
                    claim: .less(.surprisal(.whole(text: 0)), .surprisal(.whole(text: 1)))))
        }
        if let texts = try texts(pair, ["one_prefix_prefix", "one_prefix_word_good", "one_prefix_word_bad"], file, line) {
            items.append(item(.onePrefix, (texts[0], texts[1]), (texts[0], texts[2])))
        }
        if let texts = try texts(pair, ["two_prefix_word", "two_prefix_prefix_good", "two_prefix_prefix_bad"], file, line) {
            items.append(item(.twoPrefix, (texts[1], texts[0]), (texts[2], texts[0])))
        }
        guard !items.isEmpty else { throw file.error(line, "the line has not all fields of any method", advice) }
        return items
    }

    /// The texts of a method; nil if the line has none of them. Throws if it has some of them.
    private static func texts(
        _ pair: JSONElement, _ names: [String], _ file: DataFile, _ line: Int
    ) throws(DataFileError) -> [String]? {
        var found: [String] = []
        var missing: [String] = []
        for name in names {
            if let text = try text(pair, name, file, line) { found.append(text) } else { missing.append(name) }
        }
        if found.isEmpty { return nil }
        if let name = missing.first { throw file.error(line, "\(name) is missing", advice) }
        return found
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
