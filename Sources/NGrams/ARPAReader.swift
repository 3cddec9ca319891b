import Failures
import Files
import TextData

extension NGramModel {
    /// Whether one of the first lines of the file is `\data\`. Lines before it are a comment. False if the file cannot be read.
    public static func isARPA(_ path: String) -> Bool {
        firstLines(path).contains(where: ARPALines.isStart)
    }

    /// Whether the first line of the file that is not blank is `\data\`: a text about ARPA files, and a script that writes one, have others before. False
    /// if the file cannot be read.
    public static func beginsAsARPA(_ path: String) -> Bool {
        firstLines(path).first { !$0.words.isEmpty }.map(ARPALines.isStart) ?? false
    }

    private static func firstLines(_ path: String) -> [String] {
        guard let file = try? ReadableFile(path: path), let bytes = try? file.bytes(0..<min(file.byteCount, 4096)) else {
            return []
        }
        return bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads an ARPA file. The word `<UNK>` of a file without `<unk>` is `<unk>`; a file without both gets it with a probability of 10^-100, as in
    /// KenLM.
    ///
    /// Throws `file` (66, 65, 74), `fileChanged` (65), and `malformed` (65) with the number of the line.
    public convenience init(arpa path: String) throws(ARPAError) {
        let file: MappedFile
        do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
        guard !file.bytes.isEmpty else { throw .malformed(path: path, line: 1, reason: "the file is empty") }
        if let format = FileFormat(file.bytes), format.isCertain {
            throw .otherFormat(path: path, format)
        }
        file.adviseSequential()
        let (vocabulary, levels) = try file.checkedUnchanged(ARPAError.file, changed: .fileChanged(path: path)) {
            () throws(ARPAError) in
            try ARPAReader(ARPALines(file.bytes, path: path)).read()
        }
        self.init(vocabulary: vocabulary, levels: levels)
    }
}

/// Reads the sections of an ARPA file in order.
private struct ARPAReader: ~Copyable {
    private var lines: ARPALines
    /// The numbers of n-grams that the header declares. `[order]`
    private var counts: [Int] = []
    private var words = ARPAWords()
    private var levels: [NGramLevel] = []

    init(_ lines: ARPALines) { self.lines = lines }

    consuming func read() throws(ARPAError) -> (Vocabulary, [NGramLevel]) {
        try readHeader()
        try readWords()
        for n in counts.indices.dropFirst() { try readNGrams(of: n + 1) }
        try expect("\\end\\")
        if lines.nextNotEmpty() {
            throw lines.malformed("expected the end of the file after \\end\\, found '\(value: lines.text)'")
        }
        // No backoff weight follows the highest order.
        levels[levels.count - 1].backoffs = []
        return (words.vocabulary(), levels)
    }

    /// Reads `\data\` and the counts, up to the line `\1-grams:`.
    private mutating func readHeader() throws(ARPAError) {
        repeat {
            guard lines.nextNotEmpty() else { throw lines.malformed("the file has no line \\data\\") }
            // As KenLM. In this format of IRSTLM, the numbers of an n-gram are not its probability.
            if lines.text == "iARPA" {
                throw lines.malformed("this is an iARPA file of IRSTLM; convert it to ARPA (compile-lm --text=yes)")
            }
        } while !ARPALines.isStart(lines.text)
        while lines.nextNotEmpty(), lines.text != "\\1-grams:" {
            let n = counts.count + 1
            let parts = lines.text.split(separator: "=", maxSplits: 1)
            let name = parts.first?.trimmingBlanks() ?? ""
            guard name == "ngram \(n)", parts.count == 2, let count = Int(parts[1].trimmingBlanks()), count >= 0 else {
                throw lines.malformed("expected 'ngram \(n)=COUNT' or '\\1-grams:', found '\(value: lines.text)'")
            }
            guard count < Int(UInt32.max) else { throw lines.malformed("more than 2^32 n-grams of one order") }
            counts.append(count)
        }
        guard let words = counts.first else { throw lines.malformed("the header declares no n-grams") }
        guard counts.count <= KneserNey.orders.upperBound else {
            throw lines.malformed("the order is \(counts.count), but at most \(KneserNey.orders.upperBound) is supported")
        }
        guard words < Int(Int32.max) - 2 else { throw lines.malformed("too many words") }
    }

    private mutating func readWords() throws(ARPAError) {
        for _ in 0..<counts[0] {
            try nextEntry(of: 1)
            let word = lines.fields[1]
            if let defect = words.add(word, try logarithm(), try backoff(of: 1)) { throw lines.malformed(defect) }
        }
        let (level, missing) = words.finish()
        if let missing { throw lines.malformed("no word \(missing) among the \\1-grams:") }
        levels = [level]
    }

    private mutating func readNGrams(of n: Int) throws(ARPAError) {
        try expect("\\\(n)-grams:")
        let firstLine = lines.number + 1
        // Each empty line, as the number of the entry after it.
        var emptyLines: [Int] = []
        var entries = LevelEntries(count: counts[n - 1])
        for entry in 0..<counts[n - 1] {
            try nextEntry(of: n)
            while lines.number > firstLine + entry + emptyLines.count { emptyLines.append(entry) }
            let parent = try context(of: n)
            entries.append(parent, try word(n), try logarithm(), try backoff(of: n))
        }
        let (level, duplicate) = entries.sorted(under: levels[n - 2].logarithms.count, &levels[n - 2])
        if let duplicate {
            throw .malformed(
                path: lines.path, line: firstLine + duplicate + emptyLines.count { $0 <= duplicate },
                reason: "the same n-gram stands in an earlier line")
        }
        levels.append(level)
    }

    /// Moves to the next n-gram of order `n`: a logarithm, n words and perhaps a backoff weight.
    private mutating func nextEntry(of n: Int) throws(ARPAError) {
        guard lines.nextNotEmpty() else { throw lines.malformed("the file ends in the section \\\(n)-grams:") }
        let count = lines.fields.count
        guard count == n + 1 || count == n + 2 else {
            if lines.text.hasPrefix("\\") {
                throw lines.malformed(
                    "the section \\\(n)-grams: has fewer n-grams than the \(counts[n - 1]) that the header declares")
            }
            let expected = "a logarithm, \(counted(n, "word")) and perhaps a backoff weight"
            throw lines.malformed("expected \(expected), found \(counted(count, "field"))")
        }
    }

    private func logarithm() throws(ARPAError) -> Float {
        guard let value = ARPANumber.value(lines.fields[0]) else {
            throw lines.malformed("'\(value: String(decoding: lines.fields[0], as: UTF8.self))' is not a finite number")
        }
        guard value <= 0 else { throw lines.malformed("the logarithm of the probability is \(value), but must not exceed 0") }
        return value
    }

    /// 0 if the line has no backoff weight.
    private func backoff(of n: Int) throws(ARPAError) -> Float {
        guard lines.fields.count == n + 2 else { return 0 }
        guard let value = ARPANumber.value(lines.fields[n + 1]) else {
            throw lines.malformed("'\(value: String(decoding: lines.fields[n + 1], as: UTF8.self))' is not a finite number")
        }
        guard n < counts.count || value == 0 else {
            throw lines.malformed("an n-gram of the highest order has a backoff weight")
        }
        return value
    }

    /// The number of the word in `field`.
    private func word(_ field: Int) throws(ARPAError) -> Int32 {
        if let word = words.number(lines.fields[field]) { return word }
        let name = String(decoding: lines.fields[field], as: UTF8.self)
        throw lines.malformed("the word '\(value: name)' is not among the \\1-grams:")
    }

    /// The n-gram of all words but the last in the table of order `n - 1`.
    private func context(of n: Int) throws(ARPAError) -> Int {
        var node = Int(try word(1))
        for field in 2..<max(2, n) {
            let children = levels[field - 2].children(of: node)
            guard let child = levels[field - 1].find(try word(field), in: children) else {
                let names = lines.fields[1...field].map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
                throw lines.malformed("its context '\(value: names)' is not among the \\\(field)-grams:")
            }
            node = child
        }
        return node
    }

    /// Moves to the next line that is not empty, which must be `heading`.
    private mutating func expect(_ heading: String) throws(ARPAError) {
        // The heading of the words is the line that ends the header.
        guard lines.nextNotEmpty() else { throw lines.malformed("the file ends before \(heading)") }
        guard lines.text == heading else {
            throw lines.malformed(
                "expected \(heading), found '\(value: lines.text)'; the section before may have more n-grams than the header declares"
            )
        }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> String {
        split(separator: " ").joined(separator: " ")
    }
}
