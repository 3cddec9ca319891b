/// Alters files at random, reproducibly for a seed.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private static let mostMutations = 6
    /// Numbers that are likely to cause overflows in sizes, counts and products.
    private static let numbers = [
        "0", "-1", "1", "255", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "18446744073709551615", "1e308", "1e999", "-0.0", "nan", "4611686018427387904",
    ].map { Array($0.utf8) }
    private static let pieces = ["{", "}", "[", "]", "\"", "\\", "\\u0000", ":", ",", "\n", "\r\n", "null", "'''", "\"\"\"", "="]
        .map {
            Array($0.utf8)
        }

    /// Applies one to six alterations to a file. They may insert parts of another file.
    mutating func mutated(_ original: [UInt8], other: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(Self.mostMutations) { alter(&bytes, other: other) }
        return bytes
    }

    private mutating func alter(_ bytes: inout [UInt8], other: [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = other
            return
        }
        let place = below(bytes.count)
        let end = min(bytes.count, place + 1 + below(64))
        switch below(9) {
        case 0: bytes[place] ^= 1 << below(8)
        case 1: bytes[place] = UInt8(below(256))
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.removeLast(bytes.count - place)
        case 4: bytes.insert(contentsOf: Array(bytes[place..<end]), at: below(bytes.count))
        case 5: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: place)
        case 6: replaceNumber(&bytes, near: place)
        case 7: writeInteger(&bytes, at: place)
        default: splice(&bytes, at: place, other)
        }
    }

    /// Replaces the next run of digits by another number.
    private mutating func replaceNumber(_ bytes: inout [UInt8], near place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Self.numbers[below(Self.numbers.count)])
    }

    /// Overwrites eight bytes by an integer near a power of two.
    private mutating func writeInteger(_ bytes: inout [UInt8], at place: Int) {
        let value = (1 as UInt64) << UInt64(below(64)) &+ UInt64(below(5)) &- 2
        let start = place & ~7
        for (index, byte) in withUnsafeBytes(of: value.littleEndian, Array.init).enumerated() where start + index < bytes.count {
            bytes[start + index] = byte
        }
    }

    private mutating func splice(_ bytes: inout [UInt8], at place: Int, _ other: [UInt8]) {
        guard !other.isEmpty else { return }
        let start = below(other.count)
        bytes.replaceSubrange(place..<min(bytes.count, place + below(64)), with: other[start..<min(other.count, start + 64)])
    }

    /// A random number in `0..<bound` (SplitMix64).
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: ((z ^ (z >> 31)) >> 1) % UInt64(bound))
    }
}
