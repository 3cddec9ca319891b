/// The labels as tokens of a vocabulary. They divide a tokenised text of lines `label<TAB>text` into labels and texts.
///
/// With words, the label is the first token of its line. With characters and bytes, it is the tokens before the tab.
public struct LabelTokens: Codable, Equatable, Sendable {
    /// The names of the labels.
    public let names: LabelNames
    /// The tokens of each label.
    let labels: [[Int32]]
    /// The token of the tab; nil for words, because whitespace is not a token.
    let separator: Int32?

    /// Throws `labelOutsideVocabulary` (65) if a token of a label is not in the vocabulary, and `labelOfUnknownWords` (65) if it is that of
    /// unknown words.
    public init(_ names: LabelNames, _ vocabulary: Vocabulary) throws(TextDataError) {
        func tokens(of name: String) throws(TextDataError) -> [Int32] {
            if vocabulary.unit.isSpaced, let unknown = vocabulary.unknownID, vocabulary.id(of: name) == unknown {
                throw .labelOfUnknownWords(name: name)
            }
            let symbols = vocabulary.unit.isSpaced ? [name] : name.unicodeScalars.map { String($0) }
            let ids =
                vocabulary.unit == .byte
                ? name.utf8.map { Int32($0) }
                : symbols.compactMap { vocabulary.id(of: $0) }.filter { $0 != vocabulary.unknownID }
            guard vocabulary.unit == .byte || ids.count == symbols.count else { throw .labelOutsideVocabulary(name: name) }
            return ids
        }
        self.names = names
        var labels: [[Int32]] = []
        for name in names.names { labels.append(try tokens(of: name)) }
        self.labels = labels
        switch vocabulary.unit {
        case .word, .integers: separator = nil
        case .byte: separator = 0x09
        case .char, .regex, .sentencepiece:
            guard let tab = vocabulary.id(of: "\t") else { throw .labelOutsideVocabulary(name: "\t") }
            separator = tab
        }
    }

    /// Divides a text. Cost: one pass over it.
    ///
    /// Throws `unlabelledLine` (65) for a line that does not begin with a label, and `noLines` (65) if the vocabulary has no line end.
    public func lines(of text: some TokenisedText, source: String) throws(TextDataError) -> LabelledLines {
        guard let lineEnd = text.lineEnd else { throw .noLines(source: source) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(labels, Int32(0)...))
        var lines = LabelledLines()
        var (position, number, start) = (0, 1, -1)
        var label: [Int32] = []
        var bad: Int?
        func close(_ end: Int) {
            guard start >= 0, start < end, let label = numbers[label] else { return bad = bad ?? number }
            lines.append(start..<end, label: label)
        }
        try text.forEachPiece { piece in
            for token in piece {
                position += 1
                if token == lineEnd {
                    close(position)
                    (number, start) = (number + 1, -1)
                    label.removeAll(keepingCapacity: true)
                } else if start < 0 {
                    if token != separator { label.append(token) }
                    if separator == nil || token == separator { start = position }
                }
            }
        }
        if start >= 0 || !label.isEmpty { close(position) }
        if let bad { throw .unlabelledLine(source: source, line: bad) }
        return lines
    }

    /// The label of a line, and the places of its text in it; nil if the line does not begin with a label, or has nothing after it.
    public func divide(_ line: [Int32]) -> (label: Int32, text: Range<Int>)? {
        let end = separator == nil ? 1 : line.firstIndex(of: separator!) ?? line.count
        let start = separator == nil ? 1 : end + 1
        guard start < line.count, let label = labels.firstIndex(of: Array(line[..<end])) else { return nil }
        return (Int32(label), start..<line.count)
    }
}

/// The lines of a text without their labels, and the numbers of the labels.
public struct LabelledLines: Sendable {
    /// The positions from the first token after the label to the line end.
    public private(set) var sequences = Sequences()
    /// The number of each line's label, `[lines]`.
    public private(set) var labels: [Int32] = []

    mutating func append(_ range: Range<Int>, label: Int32) {
        sequences.append(range)
        labels.append(label)
    }
}
