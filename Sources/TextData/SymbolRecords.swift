/// Symbols with their counts in a byte format, for messages between processes: count and length in eight bytes each, least significant byte
/// first, then the bytes of the symbol.
enum SymbolRecords {
    static func append(_ symbol: UnsafeRawBufferPointer, _ count: Int, to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(UInt64(count))
        bytes.appendLittleEndian(UInt64(symbol.count))
        bytes.append(contentsOf: symbol)
    }

    /// Passes each symbol and its count to `take`, in order.
    static func read(_ records: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer, Int) -> Void) {
        var position = 0
        while position < records.count {
            let count = Int(records.littleEndian(at: position, as: UInt64.self))
            let start = position + 16
            position = start + Int(records.littleEndian(at: position + 8, as: UInt64.self))
            take(UnsafeRawBufferPointer(rebasing: records[start..<position]), count)
        }
    }
}
