import TextData

/// Templates of one's own: `The (keys) to the {cabinet} [by the {door}]* are/is`.
///
/// The last word has the right and the wrong form. A part in `[...]*` is repeated. Round brackets mark the word that the last word agrees with, braces a
/// word that misleads. Without round brackets, the item has no distance.
struct AgreementTemplates {
    private static let advice =
        "A line has one sentence that ends in right/wrong forms, such as: The (keys) to the {cabinet} [by the {door}]* are/is"
    private let file: DataFile
    private let repetitions: Int

    /// The items of all lines, with 0 to `repetitions` repetitions of the parts in `[...]*`. Empty lines and lines that begin with `#` are skipped.
    static func items(_ file: DataFile, repetitions: Int) throws(DataFileError) -> [ProbeItem] {
        let templates = AgreementTemplates(file: file, repetitions: repetitions)
        var items: [ProbeItem] = []
        for line in 1...file.lines.count {
            let text = file.lines[line - 1]
            if text.first == "#" || text.words.isEmpty { continue }
            items += try templates.items(line, text)
        }
        guard !items.isEmpty else { throw file.error(nil, "the file has no template", advice) }
        return items
    }

    private func items(_ line: Int, _ text: String) throws(DataFileError) -> [ProbeItem] {
        let parts = try parts(line, text)
        let repeats = parts.contains { $0.isRepeated }
        var items: [ProbeItem] = []
        for count in 0...(repeats ? repetitions : 0) {
            let words = parts.flatMap { part in Array(repeating: part.text, count: part.isRepeated ? count : 1) }
                .flatMap { $0.words }
            items.append(try item(line, text, words))
        }
        return items
    }

    private struct Part {
        let text: Substring
        let isRepeated: Bool
    }

    /// The template, divided at `[...]*`.
    private func parts(_ line: Int, _ text: String) throws(DataFileError) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "[") {
            parts.append(Part(text: rest[..<open], isRepeated: false))
            guard let close = rest.firstIndex(of: "]"), open < close, rest[rest.index(after: close)...].first == "*" else {
                throw file.error(line, "a part in [ ] does not end in ]*", Self.advice)
            }
            parts.append(Part(text: rest[rest.index(after: open)..<close], isRepeated: true))
            rest = rest[close...].dropFirst(2)
        }
        return parts + [Part(text: rest, isRepeated: false)]
    }

    private func item(_ line: Int, _ text: String, _ words: [String]) throws(DataFileError) -> ProbeItem {
        let forms = (words.last ?? "").fields(separatedBy: "/")
        guard forms.count == 2, !forms.contains(""), ExactText(forms[0]) != ExactText(forms[1]) else {
            throw file.error(line, "the last word is not two different forms, right/wrong", Self.advice)
        }
        guard !hasBrackets(forms[0] + forms[1]) else { throw file.error(line, "the last word has a bracket", Self.advice) }
        var (plain, head, attractors) = ([String](), Int?.none, 0)
        for (place, word) in words.dropLast().enumerated() {
            // Scalars: a bracket with a combining mark behind it is one character.
            let scalars = word.unicodeScalars
            let isHead = scalars.first == "(" && scalars.last == ")"
            let isAttractor = scalars.first == "{" && scalars.last == "}"
            let inner = isHead || isAttractor ? String(scalars.dropFirst().dropLast()) : word
            guard !inner.isEmpty, !hasBrackets(inner) else {
                throw file.error(line, "the brackets of '\(word)' do not surround one word", Self.advice)
            }
            if isHead, head != nil { throw file.error(line, "two words stand in ( )", Self.advice) }
            if isHead { head = place }
            if isAttractor { attractors += 1 }
            plain.append(inner)
        }
        return .agreeing(
            place: line, group: text, attractors: text.unicodeScalars.contains("{") ? attractors : nil, words: plain, head: head,
            right: forms[0], wrong: forms[1])
    }

    private func hasBrackets(_ text: String) -> Bool {
        text.unicodeScalars.contains { "(){}[]".unicodeScalars.contains($0) }
    }
}
