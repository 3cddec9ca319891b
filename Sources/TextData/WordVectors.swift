import Digests
import Failures
import Files

/// The vectors that a text file of word2vec, fastText or GloVe has for the symbols of a vocabulary.
///
/// Each line is a word and its numbers, separated by blanks. A first line of two whole numbers, as word2vec writes, has the number of vectors and
/// their size, which must be those of the file: otherwise a part of it is missing. Of several lines of one word the first counts. `</s>` is read as
/// `<eos>` if the vocabulary has that. Memory: only the vectors that are found.
public struct WordVectors: Sendable {
    /// The path of the file.
    public let path: String
    /// E, the numbers of a vector.
    public let size: Int
    /// The symbols that have a vector, in the order of the file.
    public private(set) var symbols: [Int32] = []
    /// Their vectors. `[symbols.count, E]`
    public private(set) var values: [Float] = []
    /// The words of the vocabulary that have more than one vector.
    private var repeatedWords: Set<Int32> = []
    /// The lines with more numbers than E, which are not used, and the first of them, from 1.
    private var longLines: (count: Int, first: Int) = (0, 0)
    private var endsWithLineFeed = true

    /// Reads the vectors of `size` numbers for the symbols of `vocabulary`.
    ///
    /// Throws `file` (66, 65, 74), `emptyFile`, `fileChanged` (65), and `badWordVectors` (65) if the first vector has another size, if a line has fewer numbers, if the
    /// counts of a first line are not those of the file, or if a vector that is used is damaged.
    public init(path: String, vocabulary: Vocabulary, size: Int) throws(TextDataError) {
        (self.path, self.size) = (path, size)
        let file = try mappedFile(path)
        file.adviseSequential()
        try file.checkedUnchanged(TextDataError.init, changed: .fileChanged(path: path)) { () throws(TextDataError) in
            try read(file.bytes, vocabulary)
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ vocabulary: Vocabulary) throws(TextDataError) {
        var lines = LineScanner(withoutByteOrderMark(bytes))
        var isFound = [Bool](repeating: false, count: vocabulary.size)
        var header: VectorFileHeader?
        var (number, count) = (0, 0)
        while let line = lines.next() {
            number += 1
            endsWithLineFeed = line.isEnded
            let fields = VectorLine(line.bytes)
            if number == 1, let found = fields.header {
                header = found
                continue
            }
            if fields.isEmpty { continue }
            if count == 0 { try requireSize(fields, header, line: number) }
            count += 1
            guard try isVector(fields, line: number), let symbol = vocabulary.symbol(named: fields.word) else { continue }
            if isFound[Int(symbol)] {
                repeatedWords.insert(symbol)
                continue
            }
            guard fields.append(count: size, to: &values) else {
                throw fault("line \(number) does not have \(numbers) after its word")
            }
            symbols.append(symbol)
            isFound[Int(symbol)] = true
        }
        if count == 0 { throw fault("it has no vector") }
        if let header, header.count != count { throw fault(header.difference(from: count)) }
    }

    /// `300 numbers`
    private var numbers: String { counted(size, "number") }

    private func fault(_ reason: String) -> TextDataError { .badWordVectors(path: path, reason: reason) }

    /// Whether a line has E numbers after one word. A line with more has a word with blanks, which GloVe's files have, and which is no symbol.
    private mutating func isVector(_ fields: VectorLine, line: Int) throws(TextDataError) -> Bool {
        let found = fields.numberCount
        if found == size { return true }
        guard found > size else {
            throw fault(
                "line \(line) has \(counted(found, "number")) after its word, but the vectors have \(size). Its end is missing; get the whole file"
            )
        }
        if fields.hasNumberAfterWord {
            if longLines.count == 0 { longLines.first = line }
            longLines.count += 1
        }
        return false
    }

    private func requireSize(_ fields: VectorLine, _ header: VectorFileHeader?, line: Int) throws(TextDataError) {
        if let header, header.size != fields.numberCount, size > 1 {
            throw fault(
                "the first line declares vectors of \(counted(header.size, "number")), but line \(line) has \(fields.numberCount) after its word. "
                    + "Name a text file of vectors")
        }
        let found = fields.numberCount
        if fields.endsInNumbers(size), found == size || !fields.hasNumberAfterWord { return }
        if found == size { throw fault("line \(line) does not have \(numbers) after its word") }
        guard found > 0, fields.endsInNumbers(found) else {
            throw fault("line \(line) is not a word and its numbers. Name a text file of vectors")
        }
        throw fault(
            "line \(line) has \(counted(found, "number")) after its word, but --embedding-size is \(size). Use --embedding-size \(found), or another file"
        )
    }

    /// What makes the file doubtful, a line each, for the user.
    public var warnings: [String] {
        let name = "word vectors: \(Quotation.of(path))"
        var warnings: [String] = []
        if symbols.isEmpty {
            warnings.append("\(name) has no word of the vocabulary: compare the case and the language of its words")
        }
        if !repeatedWords.isEmpty {
            warnings.append(
                "\(name) has several vectors for \(counted(repeatedWords.count, "word")) of the vocabulary; the first ones count")
        }
        if longLines.count > 0 {
            warnings.append(
                "\(name): \(counted(longLines.count, "line")) with more than \(numbers) after the word (first: line \(longLines.first)) \(longLines.count == 1 ? "is" : "are") not used"
            )
        }
        if !endsWithLineFeed { warnings.append("\(name): the last line has no line end, so the end of the file may be missing") }
        return warnings
    }

    /// Identifies the symbols that have a vector, and their vectors.
    public var digest: UInt64 {
        var hasher = XXH3Hasher()
        symbols.withUnsafeBytes { hasher.update($0) }
        values.withUnsafeBytes { hasher.update($0) }
        return hasher.digest()
    }

    /// Copies the vectors to the rows of their symbols. Shape: `table` `[V, E]`.
    public func copy(to table: UnsafeMutablePointer<Float>) {
        for (index, symbol) in symbols.enumerated() {
            for column in 0..<size { table[Int(symbol) * size + column] = values[index * size + column] }
        }
    }

    /// One line for the user: how much of the vocabulary and of the training text has a vector.
    public func notice(_ vocabulary: Vocabulary) -> String {
        let share = NumberText.fixed(Double(symbols.count) / Double(vocabulary.size) * 100, 2)
        let tokens = vocabulary.counts.reduce(0, +)
        let covered = NumberText.fixed(Double(tokenCount(vocabulary)) / Double(max(tokens, 1)) * 100, 2)
        return
            "word vectors: \(Quotation.of(path)) has \(NumberText.grouped(symbols.count)) of \(NumberText.grouped(vocabulary.size)) "
            + "entries of the vocabulary (\(share) %), which are \(covered) % of the training text"
    }

    /// The tokens of the vocabulary's text that have a vector.
    public func tokenCount(_ vocabulary: Vocabulary) -> Int { symbols.reduce(0) { $0 + vocabulary.counts[Int($1)] } }
}

extension Vocabulary {
    /// The number of a word of a file of vectors; nil if it is not in the vocabulary.
    fileprivate func symbol(named word: UnsafeRawBufferPointer) -> Int32? {
        if let found = index.table.find(ScannedToken(word)) { return Int32(found) }
        return word.elementsEqual("</s>".utf8) ? endOfLineID : nil
    }
}
