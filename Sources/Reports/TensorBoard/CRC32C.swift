/// The cyclic redundancy check with the Castagnoli polynomial.
///
/// Source: RFC 3720, section 12.1 and appendix B.4; the masking is that of tensorflow/core/lib/hash/crc32c.h.
package enum CRC32C {
    /// The reflected polynomial.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The remainder of each byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in remainder >> 1 ^ (remainder & 1 == 1 ? polynomial : 0) }
    }

    /// The checksum of the bytes.
    package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }

    /// The checksum as a record contains it: rotated by 15 bits and shifted by a constant, because the checksum of data that contains
    /// its own checksum is weak.
    static func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let checksum = checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}
