/// A protocol buffer message in its binary encoding. Fields are encoded in the order in which they are added.
///
/// Source: protobuf.dev/programming-guides/encoding.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    mutating func add(_ field: Int, integer: Int) {
        key(field, .varint)
        varint(UInt64(bitPattern: Int64(integer)))
    }

    mutating func add(_ field: Int, double: Double) {
        key(field, .fixed64)
        withUnsafeBytes(of: double.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func add(_ field: Int, float: Float) {
        key(field, .fixed32)
        withUnsafeBytes(of: float.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func add(_ field: Int, text: String) { add(field, bytes: Array(text.utf8)) }

    mutating func add(_ field: Int, message: ProtobufMessage) { add(field, bytes: message.bytes) }

    private mutating func add(_ field: Int, bytes content: [UInt8]) {
        key(field, .lengthDelimited)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
