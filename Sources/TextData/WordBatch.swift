/// A batch of words, scanned first and then looked up together.
struct WordBatch: ~Copyable {
    private static let capacity = 128
    private let tokens = UnsafeMutablePointer<ScannedToken>.allocate(capacity: WordBatch.capacity)
    private let slots = UnsafeMutablePointer<SymbolTable.Slot>.allocate(capacity: WordBatch.capacity)
    /// The number of words.
    private(set) var count = 0

    deinit {
        tokens.deallocate()
        slots.deallocate()
    }

    /// Scans the next words, and loads their slots in `table`. Returns false at the end of the text.
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

    /// The number of a word: -1 if it had none when the batch was filled, -2 if it needs a search.
    @inline(__always)
    func number(_ position: Int, in table: borrowing SymbolTable) -> Int {
        table.number(of: tokens[position], in: slots[position])
    }
}
