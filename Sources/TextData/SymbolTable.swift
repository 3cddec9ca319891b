import Glibc

/// A hash table of distinct byte strings, numbered from 0 in order of insertion.
///
/// It compares bytes instead of `String`, because Swift treats canonically equivalent strings as equal. Open addressing with linear
/// probing, at most half full. A slot contains the first eight bytes, so most comparisons do not read the keys, which are contiguous in one
/// arena. Memory: 32 to 64 bytes and the key for each symbol.
struct SymbolTable: ~Copyable, @unchecked Sendable {  // Sendable: it owns its memory, and only `mutating` functions change it
    /// A slot of the table; empty if `numberPlusOne` is 0.
    struct Slot: BitwiseCopyable {
        fileprivate var head: UInt64
        /// 24 bits of the hash, above 8 bits of the length (at most 255).
        fileprivate var tag: UInt32
        fileprivate var numberPlusOne: UInt32
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var slotMask: Int
    private var keys: GrowingBuffer<UInt8>
    /// Key n is `keys[ends[n] ..< ends[n + 1]]`.
    private var ends: GrowingBuffer<Int>

    /// The number of symbols.
    var count: Int { ends.count - 1 }

    init() {
        slotMask = (1 << 9) - 1
        slots = Self.emptySlots(slotMask + 1)
        keys = GrowingBuffer(capacity: 1 << 12)
        ends = GrowingBuffer(capacity: 1 << 8)
        ends.append(0)
    }

    deinit {
        slots.deallocate()
    }

    /// The bytes of symbol `number`, valid until the next insertion.
    func bytes(_ number: Int) -> UnsafeRawBufferPointer {
        precondition((0..<count).contains(number), "symbol \(number) of \(count)")
        let start = ends.base[number]
        return UnsafeRawBufferPointer(start: keys.base + start, count: ends.base[number + 1] - start)
    }

    /// The number of the symbol with the token's bytes, or nil.
    @inline(__always)
    func find(_ token: ScannedToken) -> Int? {
        let number = slots[slotIndex(token)].numberPlusOne
        return number == 0 ? nil : Int(number) - 1
    }

    /// The number of the symbol with the token's bytes. Inserts it if it is new.
    @inline(__always)
    mutating func findOrAdd(_ token: ScannedToken) -> Int {
        let index = slotIndex(token)
        let number = slots[index].numberPlusOne
        return number == 0 ? add(token, at: index) : Int(number) - 1
    }

    /// Loads the slots that the tokens' hashes select into `slots`.
    ///
    /// The loads are independent, so the processor executes a dozen at once. Separate searches would wait for memory at each word.
    @inline(__always)
    func read(_ slots: UnsafeMutablePointer<Slot>, for tokens: UnsafeBufferPointer<ScannedToken>) {
        for (position, token) in tokens.enumerated() {
            slots[position] = self.slots[Int(truncatingIfNeeded: token.hash) & slotMask]
        }
    }

    /// The number of the symbol if it is in the slot that its hash selects; -1 if the symbol does not exist, because the slot is empty; -2
    /// if it may be in another slot.
    @inline(__always)
    func number(of token: ScannedToken, in slot: Slot) -> Int {
        let isIt = Self.mayHold(slot, token) && (token.count <= 8 || holdsRest(token, slot.numberPlusOne))
        return isIt || slot.numberPlusOne == 0 ? Int(slot.numberPlusOne) - 1 : -2
    }

    /// The slot of the token, or the empty slot for its insertion.
    @inline(__always)
    private func slotIndex(_ token: ScannedToken) -> Int {
        var index = Int(truncatingIfNeeded: token.hash) & slotMask
        while true {
            let slot = slots[index]
            if Self.mayHold(slot, token), token.count <= 8 || holdsRest(token, slot.numberPlusOne) { return index }
            if slot.numberPlusOne == 0 { return index }
            index = (index &+ 1) & slotMask
        }
    }

    @inline(__always)
    private static func mayHold(_ slot: Slot, _ token: ScannedToken) -> Bool {
        slot.head == token.head && slot.tag == tag(token)
    }

    /// The tag contains the length, so keys of up to eight bytes are equal if heads and tags are equal.
    @inline(__always)
    private static func tag(_ token: ScannedToken) -> UInt32 {
        UInt32(truncatingIfNeeded: token.hash >> 32) & 0xFFFF_FF00 | UInt32(truncatingIfNeeded: min(token.count, 255))
    }

    /// Whether a token of more than eight bytes equals the symbol of the slot. Requires equal first eight bytes.
    @inline(never)
    private func holdsRest(_ token: ScannedToken, _ numberPlusOne: UInt32) -> Bool {
        guard numberPlusOne > 0 else { return false }
        let (start, end) = (ends.base[Int(numberPlusOne) - 1], ends.base[Int(numberPlusOne)])
        return end - start == token.count && memcmp(keys.base + start + 8, token.start + 8, token.count - 8) == 0
    }

    @inline(never)
    private mutating func add(_ token: ScannedToken, at index: Int) -> Int {
        precondition(count < Int32.max, "more than 2^31 different symbols")
        let number = count
        keys.append(token.start, count: token.count)
        ends.append(keys.count)
        slots[index] = Self.slot(token, number)
        if count * 2 > slotMask { growSlots() }
        return number
    }

    private static func slot(_ token: ScannedToken, _ number: Int) -> Slot {
        Slot(head: token.head, tag: tag(token), numberPlusOne: UInt32(number + 1))
    }

    /// Doubles the number of slots, and rehashes all keys.
    private mutating func growSlots() {
        slots.deallocate()
        slotMask = slotMask * 2 + 1
        slots = Self.emptySlots(slotMask + 1)
        for number in 0..<count {
            let token = ScannedToken(bytes(number))
            var index = Int(truncatingIfNeeded: token.hash) & slotMask
            while slots[index].numberPlusOne != 0 { index = (index + 1) & slotMask }
            slots[index] = Self.slot(token, number)
        }
    }

    private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
        let byteCount = count * MemoryLayout<Slot>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: byteCount >= 1 << 21 ? 1 << 21 : 64)
        // Accesses are random, and huge pages make address translation faster. Advice only; the system may refuse it.
        if byteCount >= 1 << 21 { madvise(memory, byteCount, MADV_HUGEPAGE) }
        let slots = memory.bindMemory(to: Slot.self, capacity: count)
        slots.initialize(repeating: Slot(head: 0, tag: 0, numberPlusOne: 0), count: count)
        return slots
    }
}
