/// A token at its position in a text. The pointer is valid as long as the text. Contains the hash for a table lookup.
struct ScannedToken {
    let start: UnsafePointer<UInt8>
    let count: Int
    /// The first eight bytes, the first byte least significant; zero-padded for a shorter token.
    let head: UInt64
    /// A hash of all bytes and of their number.
    let hash: UInt64

    /// Hashes a token whose first eight bytes are already loaded.
    ///
    /// - Parameter end: the bytes before it may be read.
    @inline(__always)
    init(start: UnsafePointer<UInt8>, count: Int, loaded: UInt64, end: UnsafePointer<UInt8>) {
        self.start = start
        self.count = count
        head = loaded & Eight.mask(count)
        var state = Self.mixed(head ^ (UInt64(truncatingIfNeeded: count) &* 0xA3F1_5C0B_7D2E_98A5))
        var done = 8
        while done < count {
            let next = Eight.load(start + done, end: end) & Eight.mask(count - done)
            state = Self.mixed(state ^ next)
            done += 8
        }
        hash = state
    }

    /// A token from the given bytes, which must outlive it.
    init(_ bytes: UnsafeRawBufferPointer) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? SpecialSymbol.endOfLine.bytes
        let end = start + bytes.count
        self.init(start: start, count: bytes.count, loaded: Eight.load(start, end: end), end: end)
    }

    /// The xor of both halves of the product with an odd constant: every bit of the result depends on every bit of `word`.
    @inline(__always)
    private static func mixed(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0x5BD3_1E87_64F2_C90B).multipliedFullWidth(by: 0xC4A7_91D3_58E6_2F1D)
        return product.high ^ product.low
    }
}

/// Eight bytes of a text in one register, the first byte least significant.
enum Eight {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The bytes at `p`, with blanks in place of the bytes from `end`.
    @inline(__always)
    static func load(_ p: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) -> UInt64 {
        if end - p >= 8 { return UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)) }
        return loadBeforeEnd(p, end)
    }

    @inline(never)
    private static func loadBeforeEnd(_ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        var word = ones &* 0x20
        for offset in 0..<max(0, end - p) {
            word ^= UInt64(p[offset] ^ 0x20) << UInt64(8 * offset)
        }
        return word
    }

    /// A mask of ones over the first `count` bytes; over all bytes if `count` is at least 8.
    @inline(__always)
    static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? ~0 : (1 &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1
    }

    /// The number of bytes before the first that is not printable ASCII (21 to 7F); 8 if there is none.
    @inline(__always)
    static func printingPrefix(_ word: UInt64) -> Int {
        // A byte below 21 borrows into its top bit. The borrow may corrupt higher bytes, but not the first match.
        let stops = ((word &- ones &* 0x21) | word) & highs
        return stops.trailingZeroBitCount >> 3
    }

    /// The number of bytes before the first that may begin whitespace: up to 20, C2 and E1 to E3; 8 if there is none.
    @inline(__always)
    static func inkPrefix(_ word: UInt64) -> Int {
        let low = (word &- ones &* 0x21) & ~word
        let c2 = zeros(word ^ (ones &* 0xC2))
        // E0 to E3 share their upper six bits. E0 is not whitespace; including it costs one extra check.
        let e0 = zeros((word & (ones &* 0xFC)) ^ (ones &* 0xE0))
        return ((low | c2 | e0) & highs).trailingZeroBitCount >> 3
    }

    /// Sets the top bit of the first zero byte, and possibly that of higher bytes.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 {
        (word &- ones) & ~word
    }
}
