import Digests

/// The symbols of a text, numbered by descending count, ties by first occurrence.
///
/// - **word**: the words that `VocabularyLimits` keep, `<eos>`, and always `<unk>`: new texts hold new words. Both stand at the
///   place of their count, which for `<unk>` is that of all words that were cut; `<unk>` is last where nothing was.
///   Where the text has `<unk>` or `<eos>` as words, they are these same symbols.
/// - **char**: the scalars that the limits keep; `<unk>` only where they cut any. Without it an unknown scalar is an error.
/// - **byte**: all 256, and the number of a byte is its value.
public struct Vocabulary: Sendable {
    /// What a symbol is.
    public let unit: TokenUnit
    /// How often each symbol occurs in the text that the vocabulary is of. `[V]`
    public let counts: [Int]
    /// XXH3 over the unit and the symbols in order: equal for vocabularies that give the same numbers to every text.
    public let digest: UInt64
    /// The number of `<eos>`, which only words have.
    public let endOfLineID: Int32?
    /// The number of `<unk>`, if the vocabulary has it.
    public let unknownID: Int32?
    let index: SymbolIndex

    /// V, the number of symbols.
    public var size: Int { counts.count }

    init(unit: TokenUnit, table: consuming SymbolTable, counts: [Int]) {
        precondition(table.count == counts.count, "\(table.count) symbols with \(counts.count) counts")
        self.unit = unit
        self.counts = counts
        endOfLineID = unit == .word ? table.find(SpecialSymbol.endOfLine.token).map(Int32.init) : nil
        unknownID = unit == .byte ? nil : table.find(SpecialSymbol.unknown.token).map(Int32.init)
        digest = Self.digest(unit, table)
        index = SymbolIndex(table)
    }

    /// The vocabulary as `records` of a vocabulary of this unit gave it.
    public init(unit: TokenUnit, records: [UInt8]) {
        var table = SymbolTable()
        var counts: [Int] = []
        records.withUnsafeBytes {
            SymbolRecords.read($0) { symbol, count in
                _ = table.findOrAdd(ScannedToken(symbol))
                counts.append(count)
            }
        }
        self.init(unit: unit, table: table, counts: counts)
    }

    /// The symbols in order with their counts, for `init(unit:records:)` in another process.
    public func records() -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<size { SymbolRecords.append(index.table.bytes(number), counts[number], to: &bytes) }
        return bytes
    }

    /// The bytes of symbol `id`: UTF-8, but for the unit of bytes the byte itself.
    public func bytes(of id: Int32) -> [UInt8] {
        Array(index.table.bytes(Int(id)))
    }

    /// Symbol `id` as text; a byte that is no character by itself becomes U+FFFD.
    public func symbol(of id: Int32) -> String {
        String(decoding: index.table.bytes(Int(id)), as: UTF8.self)
    }

    /// The bytes of symbol `id`.
    package func byteCount(of id: Int32) -> Int { index.table.bytes(Int(id)).count }

    /// The first `byteCount` bytes of symbol `id` as text, or all of a shorter one.
    package func symbolPrefix(of id: Int32, byteCount: Int) -> String {
        String(decoding: index.table.bytes(Int(id)).prefix(byteCount), as: UTF8.self)
    }

    /// The number of the symbol with exactly these scalars (canonically equivalent ones are others), or nil.
    public func id(of symbol: String) -> Int32? {
        var symbol = symbol
        return symbol.withUTF8 { index.table.find(ScannedToken(UnsafeRawBufferPointer($0))).map(Int32.init) }
    }

    private static func digest(_ unit: TokenUnit, _ table: borrowing SymbolTable) -> UInt64 {
        var hasher = XXH3Hasher()
        hasher.update(Array(unit.rawValue.utf8))
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

/// A finished symbol table that copies of a vocabulary share.
final class SymbolIndex: Sendable {
    let table: SymbolTable

    init(_ table: consuming SymbolTable) {
        self.table = table
    }
}
