/// The fields of a message in the wire format of Protocol Buffers, in order.
///
/// Source: protobuf.dev, "Encoding". Groups, which are deprecated, end the iteration as damage does.
struct ProtobufFields {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>
    /// Whether the bytes are not a message.
    private(set) var isDamaged = false

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field with its number; nil at the end, or where the bytes are not a message.
    mutating func next() -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        if let key = varint(), let value = value(ofType: key & 7) { return (Int(key >> 3 & 0x1FFF_FFFF), value) }
        isDamaged = true
        return nil
    }

    private mutating func value(ofType type: UInt64) -> Value? {
        switch type {
        case 0: varint().map { .number($0) }
        case 1: take(8).map { .bytes($0) }
        case 2: varint().flatMap { $0 <= UInt64(rest.count) ? take(Int($0)).map { .bytes($0) } : nil }
        case 5: take(4).map { .bytes($0) }
        default: nil
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
