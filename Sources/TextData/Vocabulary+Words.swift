/// Distinct words, numbered from 0 in the order in which they are added, for a model whose file lists its words.
package struct WordList: ~Copyable {
    private var table = SymbolTable()

    package init() {}

    /// The number of words.
    package var count: Int { table.count }

    /// Adds a word. False if it is already there.
    package mutating func add(_ word: UnsafeRawBufferPointer) -> Bool {
        let before = table.count
        return table.findOrAdd(ScannedToken(word)) == before
    }

    /// The number of the word with exactly these bytes, or nil.
    package func number(of word: UnsafeRawBufferPointer) -> Int32? {
        table.find(ScannedToken(word)).map { Int32(truncatingIfNeeded: $0) }
    }

    /// A vocabulary of these words with the same numbers, and counts of 0. The words must contain `<eos>` and `<unk>`.
    package consuming func vocabulary() -> Vocabulary {
        let counts = [Int](repeating: 0, count: table.count)
        return Vocabulary(tokenizer: Tokenizer(.word), table: table, counts: counts)
    }
}
