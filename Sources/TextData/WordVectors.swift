import Failures
import Files
import Glibc

/// The vectors that a text file of word2vec, fastText or GloVe has for the symbols of a vocabulary.
///
/// Each line is a word and its numbers, separated by blanks. A first line of two numbers, as word2vec writes, is skipped. Of several lines of one
/// word the first counts. `</s>` is read as `<eos>` if the vocabulary has that. Memory: only the vectors that are found.
public struct WordVectors: Sendable {
    /// The path of the file.
    public let path: String
    /// E, the numbers of a vector.
    public let size: Int
    /// The symbols that have a vector, in the order of the file.
    public private(set) var symbols: [Int32] = []
    /// Their vectors. `[symbols.count, E]`
    public private(set) var values: [Float] = []

    /// Reads the vectors of `size` numbers for the symbols of `vocabulary`.
    ///
    /// Throws `file` (66, 65, 74), `emptyFile`, and `badWordVectors` (65) if the first vector has another size, or a vector that is used is damaged.
    public init(path: String, vocabulary: Vocabulary, size: Int) throws(TextDataError) {
        (self.path, self.size) = (path, size)
        let file = try mappedFile(path)
        file.adviseSequential()
        try file.checked(TextDataError.init) { () throws(TextDataError) in try read(file.bytes, vocabulary) }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ vocabulary: Vocabulary) throws(TextDataError) {
        var lines = LineScanner(withoutByteOrderMark(bytes))
        var isFound = [Bool](repeating: false, count: vocabulary.size)
        var number = 0
        var isFirst = true
        while let line = lines.next() {
            number += 1
            let fields = VectorLine(line.bytes)
            if fields.isEmpty || number == 1 && fields.isHeader { continue }
            if isFirst { try requireSize(fields, line: number) }
            isFirst = false
            guard let symbol = vocabulary.symbol(named: fields.word), !isFound[Int(symbol)] else { continue }
            // A word with blanks, which GloVe's files have, is no symbol.
            guard fields.numberCount <= size else { continue }
            guard fields.append(count: size, to: &values) else {
                throw .badWordVectors(
                    path: path, reason: "line \(number) does not have \(counted(size, "number")) after its word")
            }
            symbols.append(symbol)
            isFound[Int(symbol)] = true
        }
        if isFirst { throw .badWordVectors(path: path, reason: "it has no vector") }
    }

    private func requireSize(_ fields: VectorLine, line: Int) throws(TextDataError) {
        let found = fields.numberCount
        guard found != size else { return }
        let advice = found > 0 ? ". Use --embedding-size \(found), or another file" : ""
        throw .badWordVectors(
            path: path,
            reason: "line \(line) has \(counted(found, "number")) after its word, but --embedding-size is \(size)\(advice)")
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

/// A line of a file of vectors. Fields are separated by blanks and tabs.
private struct VectorLine {
    let word: UnsafeRawBufferPointer
    private let rest: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) {
        let end = line.firstIndex(where: Self.isBlank) ?? line.count
        word = UnsafeRawBufferPointer(rebasing: line[..<end])
        rest = UnsafeRawBufferPointer(rebasing: line[end...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    var isEmpty: Bool { word.isEmpty && numberCount == 0 }

    /// Two whole numbers: of words, and of numbers in a vector.
    var isHeader: Bool {
        let isNumber = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        return numberCount == 1 && word.allSatisfy(isNumber) && rest.allSatisfy { isNumber($0) || Self.isBlank($0) }
    }

    /// The fields after the word.
    var numberCount: Int {
        var (count, isInside) = (0, false)
        for byte in rest {
            let isBlank = Self.isBlank(byte)
            if !isBlank, !isInside { count += 1 }
            isInside = !isBlank
        }
        return count
    }

    /// Appends the numbers; false, without a change, unless there are `count` finite ones.
    func append(count: Int, to values: inout [Float]) -> Bool {
        let before = values.count
        // `strtof` needs an end.
        var text = rest.map { CChar(bitPattern: $0) } + [0]
        let isSound = text.withUnsafeMutableBufferPointer { text in
            guard var place = text.baseAddress else { return false }
            for _ in 0..<count {
                var end: UnsafeMutablePointer<CChar>?
                let value = strtof(place, &end)
                guard let end, end > place, value.isFinite else { return false }
                values.append(value)
                place = end
            }
            while isBlank(place.pointee) { place += 1 }
            return place.pointee == 0
        }
        if !isSound { values.removeLast(values.count - before) }
        return isSound
    }

    private func isBlank(_ character: CChar) -> Bool { Self.isBlank(UInt8(bitPattern: character)) }
}
