/// The number of occurrences of each symbol in a text, or in part of it, with the symbols in order of first occurrence.
///
/// The counts of contiguous parts, added in the order of the parts, equal those of the whole text, including the order of the symbols.
/// Memory: proportional to the number of distinct symbols, not to the length of the text.
public final class SymbolCounts {
    /// How a text becomes symbols.
    public let tokenizer: Tokenizer
    /// The unit of the symbols.
    public var unit: TokenUnit { tokenizer.unit }
    /// Called after every few hundred tokens of a tokenizer with a definition, because a line may be as long as the text. Its error ends `count`.
    package var reportProgress: () throws(TextDataError) -> Void = {}
    private var tally: SymbolTally

    /// Creates empty counts of a unit that needs no definition.
    public convenience init(unit: TokenUnit) { self.init(Tokenizer(unit)) }

    /// Creates empty counts.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        tally = SymbolTally(tokenizer)
    }

    /// Adds the symbols of a piece of a text. Throws the errors of the tokenizer.
    func count(_ piece: TextPiece, of text: SearchedText) throws(TextDataError) {
        switch unit {
        case .word: tally.countWords(WordScanner(piece.bytes, endsLastLine: piece.isLast))
        case .char: tally.countCharacters(CharacterScanner(piece.bytes))
        case .byte: tally.countBytes(piece.bytes)
        case .integers, .regex, .sentencepiece:
            var count = 0
            try tokenizer.forEachToken(of: piece.bytes, in: text, endsLastLine: piece.isLast) { (token) throws(TextDataError) in
                tally.count(token)
                count += 1
                if count.isMultiple(of: 256) { try reportProgress() }
            }
        }
    }

    /// Counts the line end that a counted text lacks whose lines are texts of their own, as `Vocabulary.missingLineEnd` adds it to the tokens.
    package func countMissingLineEnd(of text: OpenedText) throws(TextDataError) {
        guard unit.hasLineFeeds, try text.lacksLineEnd() else { return }
        tally.countLineFeed()
    }

    /// The number of tokens counted.
    public var tokenCount: Int { tally.sum }

    /// The counts as bytes, for `add`: one record for each symbol. Records of several counts may be concatenated.
    public func records() -> [UInt8] {
        tally.records()
    }

    /// Adds counts in the format of `records`.
    public func add(records: [UInt8]) {
        records.withUnsafeBytes { tally.add($0) }
    }

    /// The vocabulary of the counted text, which `source` names in messages. Afterwards this object has no symbols.
    ///
    /// Throws `badVocabularyLimits` (64), `vocabularyTooSmall` (65).
    public func vocabulary(_ limits: VocabularyLimits, source: String) throws(TextDataError) -> Vocabulary {
        try limits.check(for: unit)
        var whole = SymbolTally(tokenizer)
        swap(&whole, &tally)
        let vocabulary = whole.vocabulary(limits)
        guard vocabulary.size >= 2 else { throw .vocabularyTooSmall(source: source, unit: unit, size: vocabulary.size) }
        return vocabulary
    }
}

/// Symbols by number, with their counts.
private struct SymbolTally: ~Copyable {
    let tokenizer: Tokenizer
    var unit: TokenUnit { tokenizer.unit }
    var table = SymbolTable()
    var counts = GrowingBuffer<Int>(capacity: 1 << 8)
    /// For characters only: the number of each scalar that occurs, plus one.
    private let scalars = ScalarNumbers()

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        if let model = tokenizer.model {
            for id in 0..<model.size { _ = number(ScannedToken(model.symbols.table.bytes(id))) }
        }
        guard unit == .byte else { return }
        for byte in UInt8.min...UInt8.max { withUnsafeBytes(of: byte) { _ = number(ScannedToken($0)) } }
    }

    /// The number of the token. A new token gets a new number with count 0.
    @inline(__always)
    mutating func number(_ token: ScannedToken) -> Int {
        let number = table.findOrAdd(token)
        if number == counts.count { counts.append(0) }
        return number
    }

    mutating func countWords(_ words: consuming WordScanner) {
        var batch = WordBatch()
        while batch.fill(from: &words, in: table) {
            for position in 0..<batch.count {
                let known = batch.number(position, in: table)
                counts.base[known >= 0 ? known : search(batch[position])] += 1
            }
        }
    }

    @inline(never)
    private mutating func search(_ word: ScannedToken) -> Int { number(word) }

    mutating func countCharacters(_ characters: consuming CharacterScanner) {
        while let scalar = characters.next() {
            let known = scalars[scalar]
            if known == 0 { addScalar(scalar) } else { counts.base[Int(known) - 1] += 1 }
        }
    }

    @inline(never)
    private mutating func addScalar(_ scalar: UInt32) {
        let character = Array(String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        let number = character.withUnsafeBytes { self.number(ScannedToken($0)) }
        counts.base[number] += 1
        scalars[scalar] = UInt32(number + 1)
    }

    mutating func count(_ token: FoundToken) {
        counts.base[token.id.map(Int.init) ?? number(ScannedToken(token.bytes))] += 1
    }

    /// Counts a line feed, which a vocabulary of matches always has, and one of characters only if the text has one.
    mutating func countLineFeed() {
        let token = SpecialSymbol.lineFeed.token
        if let number = unit == .regex ? number(token) : table.find(token) { counts.base[number] += 1 }
    }

    /// Counts in four tables in turn, because an addition to the same memory location waits for the previous one.
    mutating func countBytes(_ bytes: UnsafeRawBufferPointer) {
        var partial = [Int](repeating: 0, count: 1024)
        partial.withUnsafeMutableBufferPointer { partial in
            let quads = bytes.count / 4 * 4
            for position in stride(from: 0, to: quads, by: 4) {
                for lane in 0..<4 { partial[lane << 8 + Int(bytes[position + lane])] += 1 }
            }
            for byte in bytes[quads...] { partial[Int(byte)] += 1 }
        }
        for byte in 0..<256 { counts.base[byte] += (0..<4).reduce(0) { $0 + partial[$1 << 8 + byte] } }
    }
}

extension SymbolTally {
    var sum: Int { (0..<counts.count).reduce(0) { $0 + counts.base[$1] } }

    borrowing func records() -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<table.count { SymbolRecords.append(table.bytes(number), counts.base[number], to: &bytes) }
        return bytes
    }

    mutating func add(_ records: UnsafeRawBufferPointer) {
        SymbolRecords.read(records) { symbol, count in counts.base[number(ScannedToken(symbol))] += count }
    }
}

// MARK: The vocabulary

extension SymbolTally {
    consuming func vocabulary(_ limits: VocabularyLimits) -> Vocabulary {
        if unit == .byte || unit == .sentencepiece { return renumbered(Array(0..<table.count)) }
        let reserved = reserve()
        var ordinary = Array(0..<table.count)
        ordinary.removeAll { reserved.contains($0) }
        let kept = keptPrefix(&ordinary, limits, reserved: reserved.count)
        let cut = ordinary[kept...]
        if !cut.isEmpty { makeUnknown(cut) }
        var order = Array(ordinary[..<kept]) + reserved
        if unit == .char, !cut.isEmpty { order.append(number(SpecialSymbol.unknown.token)) }
        sortByCount(&order)
        return renumbered(order)
    }

    /// The numbers of the symbols that limits never remove. Of a text of words or matches: `<eos>` or the line feed, and `<unk>`, which are added
    /// with count 0 if necessary. Of a text of characters: the line feed, if it occurs.
    private mutating func reserve() -> [Int] {
        if unit == .char { return table.find(SpecialSymbol.lineFeed.token).map { [$0] } ?? [] }
        guard unit.isSpaced || unit == .regex else { return [] }
        let lineEnd = number((unit == .regex ? SpecialSymbol.lineFeed : .endOfLine).token)
        return [lineEnd, number(SpecialSymbol.unknown.token)]
    }

    /// Sorts the ordinary symbols. Returns the number of them that the limits keep.
    private func keptPrefix(_ ordinary: inout [Int], _ limits: VocabularyLimits, reserved: Int) -> Int {
        sortByCount(&ordinary)
        let frequent = ordinary.firstIndex { counts.base[$0] < limits.minimumCount } ?? ordinary.count
        guard let size = limits.size else { return frequent }
        let room = size - reserved
        if unit != .char { return min(frequent, room) }
        // Characters need an entry for <unk> only if the limits remove any.
        let needsUnknown = frequent < ordinary.count || frequent > room
        return min(frequent, needsUnknown ? room - 1 : room)
    }

    /// Numbers follow first occurrence, so they are the tie-breaker for equal counts.
    private func sortByCount(_ numbers: inout [Int]) {
        let counts = counts.base
        numbers.sort { (counts[$0], $1) > (counts[$1], $0) }
    }

    /// Adds the counts of the symbols `cut` to that of `<unk>`.
    private mutating func makeUnknown(_ cut: ArraySlice<Int>) {
        let unknown = number(SpecialSymbol.unknown.token)
        for number in cut { counts.base[unknown] += counts.base[number] }
    }

    private borrowing func renumbered(_ order: [Int]) -> Vocabulary {
        var kept = SymbolTable()
        for number in order { _ = kept.findOrAdd(ScannedToken(table.bytes(number))) }
        return Vocabulary(tokenizer: tokenizer, table: kept, counts: order.map { counts.base[$0] })
    }
}
