import Files
import TextData

/// The names of all words in ARPA files, one after another; word V is `<s>`.
struct WordNames {
    private(set) var bytes: [UInt8] = []
    /// Word i is `bytes[ends[i]..<ends[i + 1]]`. `[V + 2]`
    private(set) var ends = [0]

    init(_ vocabulary: Vocabulary) {
        for word in 0..<Int32(vocabulary.size) {
            bytes += word == vocabulary.endOfLineID ? Array("</s>".utf8) : vocabulary.bytes(of: word)
            ends.append(bytes.count)
        }
        bytes += Array("<s>".utf8)
        ends.append(bytes.count)
    }
}

/// An ARPA file that is written block by block.
struct ARPAOutput: ~Copyable {
    static let (tab, blank, lineFeed) = (UInt8(0x09), UInt8(0x20), UInt8(0x0A))
    private static let blockByteCount = 1 << 20

    private var file: DurableFile
    /// More than a block, because lines are not divided.
    private let block = ByteBlock(capacity: 2 * ARPAOutput.blockByteCount)
    private var count = 0

    init(_ path: String) throws(FileError) {
        file = try DurableFile(path: path)
    }

    func append(_ text: String) { for byte in text.utf8 { append(byte: byte) } }

    @inline(__always)
    func append(byte: UInt8) {
        if block.count == block.capacity { block.grow(1) }
        block.base[block.count] = byte
        block.count += 1
    }

    @inline(__always)
    func append(_ names: WordNames, _ word: Int) {
        let (start, length) = (names.ends[word], names.ends[word + 1] - names.ends[word])
        if block.count + length > block.capacity { block.grow(length) }
        names.bytes.withUnsafeBufferPointer {
            (block.base + block.count).update(from: $0.baseAddress! + start, count: length)
        }
        block.count += length
    }

    /// Appends the logarithm of a probability or of a backoff weight; of 0, which has none, -99, as other programs do.
    func append(logarithmOf value: Float) { append(logarithm: value > 0 ? CommonLogarithm.of(Double(value)) : -99) }

    /// Appends a logarithm with up to 7 decimals and without zeros at the end.
    private func append(logarithm value: Double) {
        let scaled = Int((value * 1e7).rounded())
        if scaled < 0 { append(byte: UInt8(ascii: "-")) }
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: 10_000_000)
        if whole >= 10 { append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: whole / 10 % 10)) }
        append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: whole % 10))
        guard fraction > 0 else { return }
        append(byte: UInt8(ascii: "."))
        var (rest, unit) = (fraction, UInt(1_000_000))
        while rest > 0 {
            let digit = rest / unit
            append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            (rest, unit) = (rest - digit * unit, unit / 10)
        }
    }

    /// Writes the block if it is full.
    mutating func writeFullBlock() throws(FileError) {
        if block.count >= Self.blockByteCount { try writeBlock() }
    }

    private mutating func writeBlock() throws(FileError) {
        try file.write(UnsafeRawBufferPointer(start: block.base, count: block.count))
        block.count = 0
    }

    /// Writes the rest, and renames the file to its final name.
    consuming func commit() throws(FileError) {
        try writeBlock()
        try file.commit()
    }
}

/// Bytes in memory that grows.
private final class ByteBlock {
    var base: UnsafeMutablePointer<UInt8>
    var capacity: Int
    var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    /// Reserves space for `added` bytes.
    func grow(_ added: Int) {
        capacity = max(count + added, 2 * capacity)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
    }
}
