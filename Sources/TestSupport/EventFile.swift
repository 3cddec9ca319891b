/// A TensorBoard event file, read by a parser that is independent of the writer.
///
/// Sources: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
public struct EventFile {
    /// A record.
    public struct Event: Equatable, Sendable {
        /// Seconds since 1970.
        public var wallTime = 0.0
        /// The training step.
        public var step = 0
        /// The version of the format, in the first record.
        public var version: String?
        /// Figures by their tags.
        public var scalars: [String: Float] = [:]
        /// Texts by their tags.
        public var texts: [String: String] = [:]
        /// Whether readers discard earlier records from this step on.
        public var isStart = false

        /// An expected record.
        public init(
            wallTime: Double = 0, step: Int = 0, version: String? = nil, scalars: [String: Float] = [:],
            texts: [String: String] = [:], isStart: Bool = false
        ) {
            (self.wallTime, self.step, self.version) = (wallTime, step, version)
            (self.scalars, self.texts, self.isStart) = (scalars, texts, isStart)
        }
    }

    /// All records in order.
    public private(set) var events: [Event] = []

    /// Reads all records. Throws if the last one is incomplete, or if a checksum is wrong.
    public init(_ content: [UInt8]) throws {
        var rest = content[...]
        while !rest.isEmpty {
            let header = Array(rest.prefix(12))
            guard header.count == 12 else { throw Damage.incomplete }
            let length = Int(Self.number(header[0..<8]))
            let record = Array(rest.dropFirst(12).prefix(length + 4))
            guard record.count == length + 4 else { throw Damage.incomplete }
            guard Self.number(header[8...]) == UInt64(Self.mask(Self.crc(header[0..<8]))),
                Self.number(record[length...]) == UInt64(Self.mask(Self.crc(record[..<length])))
            else { throw Damage.checksum }
            events.append(Self.event(record[..<length]))
            rest = rest.dropFirst(12 + length + 4)
        }
    }

    /// What keeps a reader from reading on.
    public enum Damage: Error { case incomplete, checksum }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    /// Bit by bit, from the definition.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var remainder = ~UInt32(0)
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1 }
        }
        return ~remainder
    }

    private static func mask(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }

    private static func event(_ bytes: ArraySlice<UInt8>) -> Event {
        var event = Event()
        for (field, value) in fields(bytes) {
            switch field {
            case 1: event.wallTime = Double(bitPattern: number(value))
            case 2: event.step = Int(number(value))
            case 3: event.version = String(decoding: value, as: UTF8.self)
            case 5: for (_, value) in fields(value) { take(fields(value), into: &event) }
            case 7: event.isStart = fields(value).contains { $0.field == 1 && number($0.value) == 1 }
            default: break
            }
        }
        return event
    }

    private static func take(_ value: [(field: Int, value: ArraySlice<UInt8>)], into event: inout Event) {
        func of(_ field: Int) -> ArraySlice<UInt8>? { value.first { $0.field == field }?.value }
        let tag = String(decoding: of(1) ?? [], as: UTF8.self)
        if let scalar = of(2) { event.scalars[tag] = Float(bitPattern: UInt32(number(scalar))) }
        if let tensor = of(8) {
            let text = fields(tensor).first { $0.field == 8 }?.value ?? []
            event.texts[tag] = String(decoding: text, as: UTF8.self)
        }
    }

    /// The fields of a message. The value of a varint is its bytes in little-endian order.
    private static func fields(_ bytes: ArraySlice<UInt8>) -> [(field: Int, value: ArraySlice<UInt8>)] {
        var rest = bytes
        func varint() -> UInt64 {
            var (value, shift) = (UInt64(0), UInt64(0))
            while let byte = rest.popFirst() {
                value |= UInt64(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            return value
        }
        var found: [(Int, ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            let key = varint()
            let count: Int
            switch key & 7 {
            case 0:
                found.append((Int(key >> 3), withUnsafeBytes(of: varint().littleEndian) { Array($0)[...] }))
                continue
            case 1: count = 8
            case 5: count = 4
            default: count = Int(varint())
            }
            found.append((Int(key >> 3), rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return found
    }
}
