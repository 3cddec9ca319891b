/// A key with a number that identifies its record.
struct KeyedNumber: BitwiseCopyable {
    var key: UInt64
    var number: UInt32
}

/// Sorts records by their keys. Records with equal keys keep their order.
enum KeySort {
    /// Below this count, insertion is faster than counting.
    private static let smallCount = 48

    /// Sorts `count` records in place: least significant byte first, without the bytes that are equal in all keys.
    ///
    /// Shapes: `records` and `spare` `[count]`; `spare` is overwritten.
    static func sort(_ records: UnsafeMutablePointer<KeyedNumber>, spare: UnsafeMutablePointer<KeyedNumber>, count: Int) {
        if count < smallCount { return insertionSort(records, count: count) }
        var differing: UInt64 = 0
        let first = records[0].key
        for index in 1..<count { differing |= records[index].key ^ first }
        var (source, target) = (records, spare)
        for byte in 0..<8 where (differing >> UInt64(8 * byte)) & 0xFF != 0 {
            distribute(source, into: target, count: count, shift: UInt64(8 * byte))
            swap(&source, &target)
        }
        if source != records { records.update(from: source, count: count) }
    }

    private static func insertionSort(_ records: UnsafeMutablePointer<KeyedNumber>, count: Int) {
        guard count > 1 else { return }
        for index in 1..<count {
            let record = records[index]
            var place = index
            while place > 0, records[place - 1].key > record.key {
                records[place] = records[place - 1]
                place -= 1
            }
            records[place] = record
        }
    }

    /// One pass of a counting sort, by the byte at `shift`.
    private static func distribute(
        _ source: UnsafeMutablePointer<KeyedNumber>, into target: UnsafeMutablePointer<KeyedNumber>, count: Int, shift: UInt64
    ) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
            places.initialize(repeating: 0)
            for index in 0..<count { places[Int((source[index].key >> shift) & 0xFF)] += 1 }
            var sum = 0
            for value in 0..<256 { (places[value], sum) = (sum, sum + places[value]) }
            for index in 0..<count {
                let value = Int((source[index].key >> shift) & 0xFF)
                target[places[value]] = source[index]
                places[value] += 1
            }
        }
    }
}
