import Digests

/// The symbols of a text, numbered by descending count. Ties are in order of first occurrence.
///
/// - **word**: the words that `VocabularyLimits` keep, `<eos>`, and always `<unk>`, because new texts contain new words. Both are numbered
/// by their counts. The count of `<unk>` is that of all words that the limits remove; it is last if they remove none. The words `<unk>` and
/// `<eos>` of a text are these same symbols.
/// - **char**: the scalars that the limits keep, the line feed if it occurs, and `<unk>` only if they remove any. Without `<unk>`, an unknown
/// scalar is an error.
/// - **byte**: all 256 bytes. The number of a byte is its value.
/// - **integers**: as words.
/// - **regex**: the matches that the limits keep, the line feed, and always `<unk>`.
/// - **sentencepiece**: the pieces of the model, with its numbers. `</s>` ends a line.
public struct Vocabulary: Sendable {
    /// How a text becomes these symbols.
    public let tokenizer: Tokenizer
    /// The unit of the symbols.
    public var unit: TokenUnit { tokenizer.unit }
    /// The number of occurrences of each symbol in the text of the vocabulary. `[V]`
    public let counts: [Int]
    /// XXH3 over the unit and the symbols in order. Equal for vocabularies that encode every text to the same numbers.
    public let digest: UInt64
    /// The number of `<eos>` or `</s>`; nil for units whose line end is a character of the text.
    public let endOfLineID: Int32?
    /// The number of `<unk>`; nil if the vocabulary has none.
    public let unknownID: Int32?
    let index: SymbolIndex

    /// V, the number of symbols.
    public var size: Int { counts.count }

    /// Whether both vocabularies divide every text into the same tokens, perhaps with other numbers. Of matches and pieces, only equal vocabularies do.
    package func hasSymbols(of other: Vocabulary) -> Bool {
        if digest == other.digest { return true }
        guard unit == other.unit, [.word, .char, .integers].contains(unit), size == other.size else { return false }
        return (0..<size).allSatisfy { other.index.table.find(ScannedToken(index.table.bytes($0))) != nil }
    }

    init(tokenizer: Tokenizer, table: consuming SymbolTable, counts: [Int]) {
        precondition(table.count == counts.count, "\(table.count) symbols with \(counts.count) counts")
        self.tokenizer = tokenizer
        self.counts = counts
        let (unit, model) = (tokenizer.unit, tokenizer.model)
        let lineEnd = unit.isSpaced ? table.find(SpecialSymbol.endOfLine.token).map(Int32.init) : nil
        let unknown = unit == .byte ? nil : table.find(SpecialSymbol.unknown.token).map(Int32.init)
        endOfLineID = model?.lineEnd ?? lineEnd
        unknownID = model?.unknown ?? unknown
        digest = Self.digest(tokenizer, table)
        index = SymbolIndex(table)
    }

    /// A vocabulary from the `records` of a vocabulary of this unit, which needs no definition.
    public init(unit: TokenUnit, records: [UInt8]) { self.init(tokenizer: Tokenizer(unit), records: records) }

    /// A vocabulary from the `records` of a vocabulary with this tokenizer.
    public init(tokenizer: Tokenizer, records: [UInt8]) {
        var table = SymbolTable()
        var counts: [Int] = []
        records.withUnsafeBytes {
            SymbolRecords.read($0) { symbol, count in
                _ = table.findOrAdd(ScannedToken(symbol))
                counts.append(count)
            }
        }
        self.init(tokenizer: tokenizer, table: table, counts: counts)
    }

    /// The symbols with their counts in order, for `init(unit:records:)` in another process.
    public func records() -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<size { SymbolRecords.append(index.table.bytes(number), counts[number], to: &bytes) }
        return bytes
    }

    /// The bytes of symbol `id`, in UTF-8; for the unit of bytes, the byte itself.
    public func bytes(of id: Int32) -> [UInt8] {
        Array(index.table.bytes(Int(id)))
    }

    /// Symbol `id` as text. A byte that is not a character becomes U+FFFD.
    public func symbol(of id: Int32) -> String {
        String(decoding: index.table.bytes(Int(id)), as: UTF8.self)
    }

    /// Whether the text of the vocabulary has no token outside it, so that a model does not learn the probability of `<unk>`. False without `<unk>`, and for
    /// the symbols of a file without counts.
    public var hasUntrainedUnknown: Bool {
        guard let unknownID else { return false }
        return counts[Int(unknownID)] == 0 && counts.contains { $0 > 0 }
    }

    /// Whether a symbol can be a blank with the word after it: the pieces of SentencePiece, and the matches of some regular expressions.
    package var joinsBlanks: Bool {
        guard unit == .regex else { return unit == .sentencepiece }
        return (0..<size).contains { number in
            let symbol = String(decoding: index.table.bytes(number), as: UTF8.self).unicodeScalars
            guard let first = symbol.first, first.properties.isWhitespace else { return false }
            return symbol.contains { !$0.properties.isWhitespace }
        }
    }

    /// Whether the last match of a regular expression in a line that ends with a blank contains the blank and a character before it. False if no
    /// match contains the blank.
    ///
    /// Throws `badTokenPattern` (64), `noPatternLibrary` (66).
    package func joinsLastBlank(of line: String) throws(TextDataError) -> Bool {
        guard unit == .regex else { return false }
        return try PatternMatcher(String(decoding: tokenizer.definition, as: UTF8.self)).joinsLastByte(of: line)
    }

    /// The bytes of symbol `id`.
    package func byteCount(of id: Int32) -> Int { index.table.bytes(Int(id)).count }

    /// The first `byteCount` bytes of symbol `id` as text.
    package func symbolPrefix(of id: Int32, byteCount: Int) -> String {
        String(decoding: index.table.bytes(Int(id)).prefix(byteCount), as: UTF8.self)
    }

    /// The number of the symbol with exactly these scalars, or nil. Canonically equivalent strings are distinct symbols.
    public func id(of symbol: String) -> Int32? {
        var symbol = symbol
        return symbol.withUTF8 { index.table.find(ScannedToken(UnsafeRawBufferPointer($0))).map(Int32.init) }
    }

    private static func digest(_ tokenizer: Tokenizer, _ table: borrowing SymbolTable) -> UInt64 {
        var hasher = XXH3Hasher()
        hasher.update(Array(tokenizer.unit.rawValue.utf8))
        if !tokenizer.definition.isEmpty { hasher.update(tokenizer.definition) }
        for number in 0..<table.count {
            hasher.update(UInt64(table.bytes(number).count))
            hasher.update(table.bytes(number))
        }
        return hasher.digest()
    }
}

extension Vocabulary: Equatable {
    /// Whether units, symbols (by digest), their order and their counts are equal.
    public static func == (a: Vocabulary, b: Vocabulary) -> Bool {
        a.digest == b.digest && a.counts == b.counts
    }
}

/// An immutable symbol table, shared by copies of a vocabulary.
final class SymbolIndex: Sendable {
    let table: SymbolTable

    init(_ table: consuming SymbolTable) {
        self.table = table
    }
}
