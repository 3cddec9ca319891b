/// The lines of a text for which a model is to find the labels.
public struct UnlabelledLines: Sendable, Equatable {
    /// Lines with a text.
    public private(set) var count = 0
    /// Lines that begin with a label of the model and a tab, as in a text with labels.
    public private(set) var labelledCount = 0

    /// Examines a text. Cost: one pass over it.
    ///
    /// Throws `badLabel` (65) with the line number if every line begins with a label, and for the word `<eos>`, which `LabelNames.check` refuses, too.
    public init(of text: OpenedText, _ names: LabelNames) throws(TextDataError) {
        let known = Set(names.names.map { ExactText($0) })
        var (lines, labelled) = (0, 0)
        var first: (line: Int, name: String)?
        try text.forEachLine { (line, number) throws(TextDataError) in
            if text.unit.isBlank(line) { return }
            lines += 1
            if text.unit == .word, OpenedText.hasLineEndWord(line) {
                throw .badLabel(source: text.name, line: number, defect: .lineEndWord)
            }
            guard let tab = line.firstIndex(of: 0x09) else { return }
            let name = String(decoding: line[..<tab], as: UTF8.self)
            guard known.contains(ExactText(name)) else { return }
            labelled += 1
            if first == nil { first = (number, name) }
        }
        (count, labelledCount) = (lines, labelled)
        if let first, count == labelledCount {
            throw .badLabel(source: text.name, line: first.line, defect: .notExpected(first.name))
        }
    }
}

extension TokenUnit {
    /// Whether a line has no text for a classifier: no word, or nothing but blanks, tabs and carriage returns.
    func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        guard isSpaced else { return line.isBlankText }
        var words = WordScanner(line, endsLastLine: false)
        return words.next() == nil
    }
}

extension Sequence<UInt8> {
    /// Whether a text has nothing but blanks, tabs and carriage returns.
    package var isBlankText: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
