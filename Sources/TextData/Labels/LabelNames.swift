import Failures

/// The labels of a text with lines `label<TAB>text`: names without whitespace, sorted by their bytes.
///
/// The number of a label is its index, so it does not depend on the order of the lines.
public struct LabelNames: Codable, Equatable, Sendable {
    /// The names in the order of their numbers.
    public let names: [String]

    /// The maximum number of labels. A text with more labels probably has another format.
    public static let most = 10_000

    public init(_ names: [String]) { self.names = names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) } }

    public var count: Int { names.count }

    /// The number of a label; nil if it is not among the labels.
    public func number(of name: String) -> Int? { names.firstIndex { $0.utf8.elementsEqual(name.utf8) } }

    /// The labels of a text. Cost: one pass over it.
    ///
    /// Throws `badLabel` (65) with the line number for a line without a tab, with an empty label, with whitespace in the label,
    /// or with no text after the tab. Throws `tooFewLabels` (65) for fewer than two labels.
    public init(of text: OpenedText) throws(TextDataError) {
        var found: Set<ExactText> = []
        try text.forEachLabel { (name, number) throws(TextDataError) in
            found.insert(ExactText(name))
            if found.count > Self.most {
                throw .badLabel(source: text.name, line: number, defect: .tooMany(Self.most))
            }
        }
        guard found.count >= 2 else { throw .tooFewLabels(source: text.name, names: found.map(\.text)) }
        self.init(found.map(\.text))
    }

    /// Throws `badLabel` (65) unless every line of a text has one of these labels. Returns the labels that occur. Cost: one pass over the text.
    @discardableResult
    public func check(_ text: OpenedText) throws(TextDataError) -> [String] {
        let known = Set(names.map { ExactText($0) })
        var found: Set<ExactText> = []
        try text.forEachLabel { (name, number) throws(TextDataError) in
            guard known.contains(ExactText(name)) else {
                throw .badLabel(source: text.name, line: number, defect: .unknown(name, known: names))
            }
            found.insert(ExactText(name))
        }
        return names.filter { found.contains(ExactText($0)) }
    }

    /// Throws `badLabel` (65) for a line of which no text is left without the characters outside `vocabulary`, which is one of characters.
    /// Cost: one pass over the text.
    public func check(_ text: OpenedText, skippingOutside vocabulary: Vocabulary) throws(TextDataError) {
        let numbers = vocabulary.scalarNumbers()
        try text.forEachLine { (line, number) throws(TextDataError) in
            let start = line.firstIndex(of: 0x09).map { $0 + 1 } ?? 0
            var characters = CharacterScanner(UnsafeRawBufferPointer(rebasing: line[start...]))
            while let scalar = characters.next() {
                if numbers[scalar] > 0, ![0x20, 0x09, 0x0D].contains(scalar) { return }
            }
            throw .badLabel(source: text.name, line: number, defect: .skippedText)
        }
    }
}

/// The fault of a line that is not `label<TAB>text`.
public enum LabelDefect: Sendable, Equatable {
    case noTab
    case emptyLabel
    case whiteSpace
    case noText
    /// The text has no character of the vocabulary, and the others are skipped.
    case skippedText
    /// The text has a word `<eos>`, which would end the line.
    case lineEndWord
    /// The text begins with a byte-order mark, which is three tokens of the first label.
    case byteOrderMark
    case tooMany(Int)
    case unknown(String, known: [String])
    /// Every line of a text that should have no labels begins with a label; that of the line.
    case notExpected(String)
}

extension LabelDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTab: "the line has no tab. A classifier reads lines of the form label, tab, text"
        case .emptyLabel: "the line begins with a tab. Write a label before it"
        case .whiteSpace: "the label before the tab has white space. Write it as one word"
        case .noText: "there is no text after the label"
        case .skippedText:
            "all characters of the text after the label are outside the vocabulary, and are skipped. Remove the line"
        case .lineEndWord:
            "the text has the word <eos>, which is the line end of the vocabulary. Remove it, or write another word"
        case .byteOrderMark:
            "the text begins with a byte-order mark, whose three bytes would be part of the label (--tokens byte). Remove it, for example with "
                + "tail -c +4"
        case .tooMany(let most): "more than \(most) labels. Write the label before the tab, not the text"
        case .unknown(let name, let known):
            "the label \(quoting: name) is not among the labels of the run, those of --labels or else of the training text: "
                + known.prefix(5).map { Quotation.of($0) }.joined(separator: ", ") + (known.count > 5 ? " and others" : "")
        case .notExpected(let name):
            "this line, and every other one, begins with a label (\(quoting: name)) and a tab, but the model must not read the labels. "
                + "Remove them (cut -f 2-), or use evaluate, which compares them with the labels of the model"
        }
    }
}

extension OpenedText {
    /// Passes the label and the number of each line, from 1, to `body`. The text must be valid UTF-8 unless its tokens are bytes.
    fileprivate func forEachLabel(_ body: (String, Int) throws(TextDataError) -> Void) throws(TextDataError) {
        try forEachLine { (line, number) throws(TextDataError) in
            if hasTokensOfMark(line, number) { throw .badLabel(source: self.name, line: number, defect: .byteOrderMark) }
            switch Self.label(of: line, unit: unit) {
            case .success(let name): try body(name, number)
            case .failure(let defect): throw .badLabel(source: self.name, line: number, defect: defect.defect)
            }
        }
    }

    /// Whether one of the words is `<eos>`. Most lines have no `<`, and are not divided into words.
    static func hasLineEndWord(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.contains(UInt8(ascii: "<")) else { return false }
        return text.wordRanges.contains { text[$0].elementsEqual("<eos>".utf8) }
    }

    private struct Failure: Error { let defect: LabelDefect }

    private static func label(of line: UnsafeRawBufferPointer, unit: TokenUnit) -> Result<String, Failure> {
        guard let tab = line.firstIndex(of: 0x09) else { return .failure(Failure(defect: .noTab)) }
        let name = String(decoding: line[..<tab], as: UTF8.self)
        if name.isEmpty { return .failure(Failure(defect: .emptyLabel)) }
        if name.unicodeScalars.contains(where: \.properties.isWhitespace) { return .failure(Failure(defect: .whiteSpace)) }
        if unit.isBlank(UnsafeRawBufferPointer(rebasing: line[(tab + 1)...])) { return .failure(Failure(defect: .noText)) }
        if unit == .word, hasLineEndWord(UnsafeRawBufferPointer(rebasing: line[(tab + 1)...])) {
            return .failure(Failure(defect: .lineEndWord))
        }
        return .success(name)
    }
}
