package import Files

/// One record of a TensorBoard event file: a framed protocol buffer message `Event`.
///
/// Sources: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto, tensor.proto and tensor_shape.proto for the
/// messages; tensorflow/core/lib/io/record_writer.h for the framing; protobuf.dev/programming-guides/encoding for the encoding.
package struct EventRecord {
    /// A figure.
    package struct Scalar {
        /// The name of its curve: `train/loss`.
        package let tag: String
        /// Stored as a `Float`.
        package let value: Double

        package init(tag: String, value: Double) { (self.tag, self.value) = (tag, value) }
    }

    /// What a record says.
    package enum Content {
        /// The first record of a file.
        case fileVersion
        /// A job continues. Readers discard earlier records of this step and later ones.
        case start
        case scalars([Scalar])
        case text(tag: String, String)
    }

    /// The complete record.
    package let bytes: [UInt8]

    /// - Parameter wallTime: seconds since 1970.
    package init(wallTime: Double, step: Int, content: Content) {
        var event = ProtobufMessage()
        event.add(1, double: wallTime)
        if step != 0 { event.add(2, integer: step) }
        switch content {
        case .fileVersion: event.add(3, text: "brain.Event:2")
        case .start:
            var log = ProtobufMessage()
            log.add(1, integer: 1)  // SessionLog.START
            event.add(7, message: log)
        case .scalars(let scalars):
            var summary = ProtobufMessage()
            for scalar in scalars { summary.add(1, message: Self.value(scalar)) }
            event.add(5, message: summary)
        case .text(let tag, let text):
            var summary = ProtobufMessage()
            summary.add(1, message: Self.value(tag: tag, text: text))
            event.add(5, message: summary)
        }
        bytes = Self.framed(event.bytes)
    }

    private static func value(_ scalar: Scalar) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, text: scalar.tag)
        value.add(2, float: Float(scalar.value))
        return value
    }

    /// A tensor of one string, which the plugin `text` shows.
    private static func value(tag: String, text: String) -> ProtobufMessage {
        var (plugin, metadata) = (ProtobufMessage(), ProtobufMessage())
        plugin.add(1, text: "text")
        metadata.add(1, message: plugin)
        metadata.add(4, integer: 2)  // DATA_CLASS_TENSOR
        var (dimension, shape, tensor) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        dimension.add(1, integer: 1)
        shape.add(2, message: dimension)
        tensor.add(1, integer: 7)  // DT_STRING
        tensor.add(2, message: shape)
        tensor.add(8, text: text)
        var value = ProtobufMessage()
        value.add(1, text: tag)
        value.add(8, message: tensor)
        value.add(9, message: metadata)
        return value
    }

    // MARK: Framing

    /// Length (8 bytes, little endian), masked checksum of the length, data, masked checksum of the data.
    private static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.masked(length[...])) + data + littleEndian(CRC32C.masked(data[...]))
    }

    private static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// Length and its checksum.
    private static let headerByteCount = 12

    /// The complete and undamaged records at the start of a file's content, and what follows them.
    package static func extent(_ content: [UInt8]) -> RecordExtent {
        var (start, count) = (0, 0)
        while let end = end(ofRecordAt: start, content) { (start, count) = (end, count + 1) }
        return RecordExtent(count: count, byteCount: start, rest: rest(content[start...], of: content))
    }

    /// What bytes are that are no complete record.
    private static func rest(_ bytes: ArraySlice<UInt8>, of content: [UInt8]) -> RecordExtent.Rest {
        if bytes.isEmpty { return .nothing }
        // After a power failure, a file system may have the new size of a file, but zeros in place of its new content.
        if bytes.count < headerByteCount || bytes.allSatisfy({ $0 == 0 }) { return .cutRecord }
        guard let count = dataByteCount(ofRecordAt: bytes.startIndex, content) else { return .damage }
        return bytes.count < headerByteCount + 4 || count > UInt64(bytes.count - headerByteCount - 4) ? .cutRecord : .damage
    }

    /// The number of data bytes that the header of a record states; nil if the header is damaged or incomplete.
    private static func dataByteCount(ofRecordAt start: Int, _ content: [UInt8]) -> UInt64? {
        guard content.count - start >= headerByteCount else { return nil }
        let length = content[start..<(start + 8)]
        guard checksum(at: start + 8, content) == CRC32C.masked(length) else { return nil }
        return length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// The end of a complete and undamaged record; nil if there is none.
    private static func end(ofRecordAt start: Int, _ content: [UInt8]) -> Int? {
        guard let count = dataByteCount(ofRecordAt: start, content) else { return nil }
        let (begin, room) = (start + headerByteCount, content.count - start - headerByteCount - 4)
        guard room >= 0, count <= UInt64(room) else { return nil }
        let data = begin..<(begin + Int(count))
        guard checksum(at: data.upperBound, content) == CRC32C.masked(content[data]) else { return nil }
        return data.upperBound + 4
    }

    private static func checksum(at offset: Int, _ content: [UInt8]) -> UInt32 {
        content[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
