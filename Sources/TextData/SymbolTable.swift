import Glibc

/// The running hash of a symbol's bytes: FNV-1a in 64 bits, folded to 32.
struct SymbolHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    @inline(__always)
    var value: UInt32 { UInt32(truncatingIfNeeded: state ^ (state >> 32)) }
}

extension ScannedToken {
    /// A token of given bytes, which must outlive it and have an address.
    init(_ bytes: UnsafeRawBufferPointer) {
        var hash = SymbolHash()
        for byte in bytes { hash.add(byte) }
        self.init(
            start: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? SpecialSymbol.endOfLine.bytes,
            count: bytes.count, hash: hash.value)
    }
}

/// Different byte strings, numbered from 0 in the order in which they were added, and found by their bytes.
///
/// Bytes and not `String` are compared, since Swift holds canonically equivalent strings for equal and a text does not.
/// Open addressing with linear probing, at most half full. A slot is the hash above the number plus one, 0 when empty; the hash
/// says where the slot belongs at any table size, so growing never touches the keys. The keys lie end to end in one arena.
/// Memory: 16 to 32 bytes and the key for each symbol.
struct SymbolTable: ~Copyable, @unchecked Sendable {  // Sendable: it owns its memory and changes in `mutating` functions alone
    private var slots: UnsafeMutablePointer<UInt64>
    private var slotMask: Int
    private var keys: GrowingBuffer<UInt8>
    /// `ends[n]` is where key n starts in `keys`, `ends[n + 1]` where it ends.
    private var ends: GrowingBuffer<Int>

    /// How many symbols there are.
    var count: Int { ends.count - 1 }

    init() {
        slotMask = (1 << 12) - 1
        slots = Self.emptySlots(slotMask + 1)
        keys = GrowingBuffer(capacity: 1 << 15)
        ends = GrowingBuffer(capacity: 1 << 11)
        ends.append(0)
    }

    deinit {
        slots.deallocate()
    }

    /// The bytes of symbol `number`, valid until the next symbol is added.
    func bytes(_ number: Int) -> UnsafeRawBufferPointer {
        precondition((0..<count).contains(number), "symbol \(number) of \(count)")
        let start = ends.base[number]
        return UnsafeRawBufferPointer(start: keys.base + start, count: ends.base[number + 1] - start)
    }

    /// The number of the symbol with the token's bytes, or nil.
    @inline(__always)
    func find(_ token: ScannedToken) -> Int? {
        let slot = slots[slotIndex(token)]
        return slot == 0 ? nil : Self.number(slot)
    }

    /// The number of the symbol with the token's bytes, which is added if it is new.
    @inline(__always)
    mutating func findOrAdd(_ token: ScannedToken) -> Int {
        let index = slotIndex(token)
        return slots[index] == 0 ? add(token, at: index) : Self.number(slots[index])
    }

    /// Where the token's slot is, or the empty slot where it belongs.
    @inline(__always)
    private func slotIndex(_ token: ScannedToken) -> Int {
        var index = Int(token.hash) & slotMask
        while true {
            let slot = slots[index]
            if slot == 0 || (UInt32(truncatingIfNeeded: slot >> 32) == token.hash && holds(token, Self.number(slot))) {
                return index
            }
            index = (index + 1) & slotMask
        }
    }

    @inline(__always)
    private func holds(_ token: ScannedToken, _ number: Int) -> Bool {
        let start = ends.base[number]
        return ends.base[number + 1] - start == token.count && memcmp(keys.base + start, token.start, token.count) == 0
    }

    @inline(__always)
    private static func number(_ slot: UInt64) -> Int { Int(slot & 0xFFFF_FFFF) - 1 }

    @inline(never)
    private mutating func add(_ token: ScannedToken, at index: Int) -> Int {
        precondition(count < Int32.max, "more than 2^31 different symbols")
        let number = count
        keys.append(token.start, count: token.count)
        ends.append(keys.count)
        slots[index] = UInt64(token.hash) << 32 | UInt64(number + 1)
        if count * 2 > slotMask { growSlots() }
        return number
    }

    private mutating func growSlots() {
        let mask = slotMask * 2 + 1
        let grown = Self.emptySlots(mask + 1)
        for slot in UnsafeBufferPointer(start: slots, count: slotMask + 1) where slot != 0 {
            var index = Int(slot >> 32) & mask
            while grown[index] != 0 { index = (index + 1) & mask }
            grown[index] = slot
        }
        slots.deallocate()
        (slots, slotMask) = (grown, mask)
    }

    private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        slots.initialize(repeating: 0, count: count)
        return slots
    }
}

/// Trivial elements end to end in memory that doubles as it fills.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    mutating func append(_ element: Element) {
        reserve(count + 1)
        base[count] = element
        count += 1
    }

    mutating func append(_ elements: UnsafePointer<Element>, count added: Int) {
        reserve(count + added)
        (base + count).update(from: elements, count: added)
        count += added
    }

    private mutating func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        capacity = max(needed, capacity * 2)
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
    }
}
