import Failures
import TextData

/// Lists and references of Kaldi and ESPnet: a key, a blank, and words.
enum KeyedLists {
    private static let advice = "A line of an n-best list is: utterance-n word word ..., where n is the number of the hypothesis."

    /// The list of a file. The scores are multiplied by `sign`, so that higher is better.
    static func list(_ file: DataFile, scores: DataFile?, sign: Double) throws(DataFileError) -> NBestList {
        let acoustic = try scores.map { (file) throws(DataFileError) in try Self.scores(file, sign) }
        var list = NBestList(name: file.name)
        var seen: Set<ExactText> = []
        for line in 1...file.lines.count {
            let (key, words) = pair(file.lines[line - 1])
            guard let dash = key.lastIndex(of: "-"), dash != key.startIndex, Int(key[key.index(after: dash)...]) != nil else {
                throw file.error(line, "the line does not begin with a key utterance-n", advice)
            }
            guard seen.insert(ExactText(key)).inserted else {
                throw file.error(line, "the key '\(key)' is on an earlier line, too", advice)
            }
            let score = acoustic?[ExactText(key)]
            if let scores, score == nil {
                throw file.error(line, "\(scores.name) has no score for '\(key)'", "Name the scores of this list with --scores.")
            }
            list.append(id: key, utterance: String(key[..<dash]), text: words, acoustic: score, line: line)
        }
        return list
    }

    /// The texts by key. Throws if a key is missing or repeated; `what` is the form of a line.
    static func values(_ file: DataFile, what: String) throws(DataFileError) -> [ExactText: String] {
        var values: [ExactText: String] = [:]
        for line in 1...file.lines.count {
            let (key, words) = pair(file.lines[line - 1])
            guard !key.isEmpty else { throw file.error(line, "the line has no key", what) }
            guard values.updateValue(words, forKey: ExactText(key)) == nil else {
                throw file.error(line, "the key '\(key)' is on an earlier line, too", what)
            }
        }
        return values
    }

    /// The references in a file of utterances that the list does not have, in the order of the file.
    static func unmatched(_ file: DataFile, for list: NBestList) -> UnmatchedReferences {
        let known = Set(list.utterances.map { ExactText($0) })
        var unmatched = UnmatchedReferences()
        for (key, words) in file.lines.map(pair) where !known.contains(ExactText(key)) {
            unmatched.count += 1
            unmatched.words += words.words.count
            if unmatched.first == nil { unmatched.first = key }
        }
        return unmatched
    }

    private static func scores(_ file: DataFile, _ sign: Double) throws(DataFileError) -> [ExactText: Double] {
        var scores: [ExactText: Double] = [:]
        let what = "A line of scores is: utterance-n number"
        for line in 1...file.lines.count {
            let (key, text) = pair(file.lines[line - 1])
            // ESPnet writes tensor(-1.5) and tensor(-1.5, device='cuda:0').
            let digits = text.hasPrefix("tensor(") ? text.dropFirst(7).prefix { !",)".contains($0) } : text[...]
            guard !key.isEmpty, let score = Double(decimal: digits) else {
                throw file.error(line, "the line is not a key with a number", what)
            }
            guard scores.updateValue(sign * score, forKey: ExactText(key)) == nil else {
                throw file.error(line, "the key '\(key)' is on an earlier line, too", what)
            }
        }
        return scores
    }

    /// The text before the first blank or tab, and the text after it without blanks at its ends.
    private static func pair(_ line: String) -> (key: String, words: String) {
        // Scalars: a blank with a combining mark behind it is one character.
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
        let scalars = line.unicodeScalars
        let key = scalars.prefix { !isBlank($0) }
        var words = scalars[key.endIndex...].drop(while: isBlank)
        while let last = words.last, isBlank(last) { words = words.dropLast() }
        return (String(key), String(words))
    }
}
