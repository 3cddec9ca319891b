extension Vocabulary {
    /// Counts the symbols of `source` and keeps those within `limits`.
    ///
    /// Memory: the different symbols, kept or not; nothing that grows with the length of the text.
    /// Throws `badVocabularyLimits` (64), `vocabularyTooSmall` (65).
    public init(counting source: TextSource, limits: VocabularyLimits = VocabularyLimits()) throws(TextDataError) {
        try limits.check(for: source.unit)
        self = try source.withBytes { (bytes) throws(TextDataError) in
            switch source.unit {
            case .word: SymbolCounts(WordScanner(withoutByteOrderMark(bytes))).vocabulary(.word, limits)
            case .char: SymbolCounts(CharacterScanner(withoutByteOrderMark(bytes))).vocabulary(.char, limits)
            case .byte: Vocabulary(bytes: bytes)
            }
        }
        guard size >= 2 else { throw .vocabularyTooSmall(source: source.name, unit: unit, size: size) }
    }

    private init(bytes: UnsafeRawBufferPointer) {
        var counts = [Int](repeating: 0, count: 256)
        counts.withUnsafeMutableBufferPointer { counts in
            for byte in bytes { counts[Int(byte)] += 1 }
        }
        self.init(unit: .byte, table: Self.byteTable(), counts: counts)
    }

    /// The table of all bytes, each at its value.
    static func byteTable() -> SymbolTable {
        var table = SymbolTable()
        for byte in UInt8.min...UInt8.max {
            withUnsafeBytes(of: byte) { _ = table.findOrAdd(ScannedToken($0)) }
        }
        return table
    }
}

/// The different symbols of a text in order of first occurrence, with their counts.
private struct SymbolCounts: ~Copyable {
    private var table = SymbolTable()
    private var counts = GrowingBuffer<Int>(capacity: 1 << 11)

    init(_ scanner: consuming some TokenScanner) {
        while let token = scanner.next() {
            let number = table.findOrAdd(token)
            if number == counts.count { counts.append(0) }
            counts.base[number] += 1
        }
    }

    consuming func vocabulary(_ unit: TokenUnit, _ limits: VocabularyLimits) -> Vocabulary {
        let reserved = reserve(unit)
        var ordinary = Array(0..<table.count)
        ordinary.removeAll { reserved.contains($0) }
        let kept = keptPrefix(&ordinary, unit, limits)
        let cut = ordinary[kept...]
        if !cut.isEmpty { makeUnknown(cut) }
        var order = Array(ordinary[..<kept]) + reserved
        if unit == .char, !cut.isEmpty { order.append(unknownNumber()) }
        sortByCount(&order)
        return renumbered(unit, order)
    }

    /// The numbers of the symbols that are never cut: `<eos>` and `<unk>` of a text in words, added with count 0 if need be.
    private mutating func reserve(_ unit: TokenUnit) -> [Int] {
        guard unit == .word else { return [] }
        let lineEnd = number(of: .endOfLine)
        return [lineEnd, unknownNumber()]
    }

    private mutating func unknownNumber() -> Int {
        number(of: .unknown)
    }

    private mutating func number(of symbol: SpecialSymbol) -> Int {
        let number = table.findOrAdd(symbol.token)
        if number == counts.count { counts.append(0) }
        return number
    }

    /// Sorts the ordinary symbols; returns how many of them the limits keep.
    private func keptPrefix(_ ordinary: inout [Int], _ unit: TokenUnit, _ limits: VocabularyLimits) -> Int {
        sortByCount(&ordinary)
        let frequent = ordinary.firstIndex { counts.base[$0] < limits.minimumCount } ?? ordinary.count
        guard let size = limits.size else { return frequent }
        if unit == .word { return min(frequent, size - 2) }
        // Characters need a place for <unk> only if any is cut.
        let needsUnknown = frequent < ordinary.count || frequent > size
        return min(frequent, needsUnknown ? size - 1 : size)
    }

    /// Numbers follow first occurrence, so they break ties in count.
    private func sortByCount(_ numbers: inout [Int]) {
        let counts = counts.base
        numbers.sort { (counts[$0], $1) > (counts[$1], $0) }
    }

    /// Counts every occurrence of the symbols `cut` as one of `<unk>`.
    private mutating func makeUnknown(_ cut: ArraySlice<Int>) {
        let unknown = unknownNumber()
        for number in cut { counts.base[unknown] += counts.base[number] }
    }

    private borrowing func renumbered(_ unit: TokenUnit, _ order: [Int]) -> Vocabulary {
        var kept = SymbolTable()
        for number in order { _ = kept.findOrAdd(ScannedToken(table.bytes(number))) }
        return Vocabulary(unit: unit, table: kept, counts: order.map { counts.base[$0] })
    }
}
