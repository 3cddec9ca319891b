import FoundationEssentials

/// The JSON content of a safetensors header, before validation of its values.
struct HeaderJSON: Decodable {
    struct Field: Decodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int]
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private(set) var metadata: [String: String]?
    private(set) var fields: [String: Field] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys {
            if key.stringValue == SafetensorsHeader.metadataKey {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                fields[key.stringValue] = try container.decode(Field.self, forKey: key)
            }
        }
    }

    /// Reads a header. Rejects duplicate names, which a JSON decoder accepts.
    static func parse(_ bytes: [UInt8]) throws(CheckpointDamage) -> HeaderJSON {
        // The decoder would also accept UTF-16 and UTF-32.
        guard bytes.first == UInt8(ascii: "{"), !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw .unreadableHeader("it is not an object in UTF-8")
        }
        let header = try decoded(bytes)
        let found = keyCount(bytes)
        guard found == header.keyCount else { throw .repeatedOrUnknownNames(found: found, expected: header.keyCount) }
        return header
    }

    private static func decoded(_ bytes: [UInt8]) throws(CheckpointDamage) -> HeaderJSON {
        do {
            return try JSONDecoder().decode(HeaderJSON.self, from: Data(bytes))
        } catch DecodingError.dataCorrupted(let context) {
            throw .unreadableHeader(context.debugDescription)
        } catch DecodingError.keyNotFound(let key, _) {
            throw .unreadableHeader("an array has no \(quoted(key.stringValue))")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw .unreadableHeader(context.debugDescription)
        } catch {
            throw .unreadableHeader("\(error)")
        }
    }

    /// The number of keys in all decoded objects.
    private var keyCount: Int {
        let fieldKeyCount = 3
        return fields.count * (1 + fieldKeyCount) + (metadata.map { 1 + $0.count } ?? 0)
    }

    /// The number of keys in the text of valid JSON: its colons outside strings.
    private static func keyCount(_ bytes: [UInt8]) -> Int {
        var (count, inString, escaped) = (0, false, false)
        for byte in bytes {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "\"") {
                inString.toggle()
            } else if byte == UInt8(ascii: ":"), !inString {
                count += 1
            }
        }
        return count
    }
}
