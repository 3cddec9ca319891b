/// Words that are scanned, and then looked up together.
struct WordBatch: ~Copyable {
    private static let capacity = 128
    private let tokens = UnsafeMutablePointer<ScannedToken>.allocate(capacity: WordBatch.capacity)
    private let slots = UnsafeMutablePointer<SymbolTable.Slot>.allocate(capacity: WordBatch.capacity)
    /// How many words there are.
    private(set) var count = 0

    deinit {
        tokens.deallocate()
        slots.deallocate()
    }

    /// Takes the next words of the text, and reads what `table` has in their places; false at the text's end.
    @inline(__always)
    mutating func fill(from words: inout WordScanner, in table: borrowing SymbolTable) -> Bool {
        count = 0
        while count < Self.capacity, let word = words.next() {
            tokens[count] = word
            count += 1
        }
        table.read(slots, for: UnsafeBufferPointer(start: tokens, count: count))
        return count > 0
    }

    subscript(position: Int) -> ScannedToken {
        @inline(__always) get { tokens[position] }
    }

    /// The number of a word: -1 if it had none when the batch was filled, -2 if a search must tell.
    @inline(__always)
    func number(_ position: Int, in table: borrowing SymbolTable) -> Int {
        table.number(of: tokens[position], in: slots[position])
    }
}
