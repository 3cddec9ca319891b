/// The header of a safetensors file: the position of each array, and the texts.
///
/// The file consists of the header's length (u64, little-endian), the header (JSON, padded with spaces so that the data begin at a multiple
/// of 8), and the data. Offsets count from the start of the data. The arrays are contiguous, and the last ends with the file. This program
/// sorts them by descending element size, then by name, so that each is aligned to its elements.
///
/// Source: the format description in the safetensors repository. The limit on the header is that of its reader.
struct SafetensorsHeader: Equatable {
    static let metadataKey = "__metadata__"
    /// The prefix of all metadata keys that the format reserves.
    static let checksumPrefix = "xxh3"
    static let lengthByteCount = 8
    static let byteCountLimit: UInt64 = 100_000_000

    /// The position and the type of an array.
    struct Entry: Equatable {
        let name: String
        let elementType: ElementType
        let shape: [Int]
        /// The byte range, from the start of the data.
        let range: Range<Int>
    }

    /// The arrays in the order of the data.
    let entries: [Entry]
    /// The caller's texts, without checksums.
    let metadata: [String: String]
    /// XXH3 of an array's bytes as 16 hexadecimal digits, by the array's name.
    let checksums: [String: String]

    /// The metadata key of an array's checksum.
    static func checksumKey(_ name: String) -> String { "\(checksumPrefix).\(name)" }
}

extension SafetensorsHeader {
    /// The arrays in the order of the file.
    static func inFileOrder(_ arrays: [NamedArray]) -> [NamedArray] {
        arrays.sorted { left, right in
            let (leftSize, rightSize) = (left.elementType.byteCount, right.elementType.byteCount)
            return leftSize == rightSize ? bytewisePrecedes(left.name, right.name) : leftSize > rightSize
        }
    }

    /// The header of arrays that are in the order of the file.
    init(describing arrays: [NamedArray], metadata: [String: String]) {
        var entries: [Entry] = []
        var checksums: [String: String] = [:]
        var offset = 0
        for array in arrays {
            let range = offset..<offset + array.bytes.count
            entries.append(Entry(name: array.name, elementType: array.elementType, shape: array.shape, range: range))
            checksums[array.name] = checksum(array.bytes)
            offset = range.upperBound
        }
        self.init(entries: entries, metadata: metadata, checksums: checksums)
    }

    /// The bytes of the file before its data: length, JSON and padding, with the digest of the header. The result depends only on the
    /// content.
    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.lengthByteCount)
        bytes += json().utf8
        bytes += repeatElement(UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8)
        let length = UInt64(bytes.count - Self.lengthByteCount)
        withUnsafeBytes(of: length.littleEndian) { bytes.replaceSubrange(0..<Self.lengthByteCount, with: $0) }
        HeaderSeal.seal(&bytes)
        return bytes
    }

    /// The bytes of the length and the JSON.
    var unpaddedByteCount: Int { Self.lengthByteCount + json().utf8.count }

    private func json() -> String {
        var texts = metadata
        for (name, checksum) in checksums { texts[Self.checksumKey(name)] = checksum }
        let pairs = texts.sorted { bytewisePrecedes($0.key, $1.key) }.map { "\(jsonString($0.key)):\(jsonString($0.value))" }
        let head = ([HeaderSeal.blankPair] + pairs).joined(separator: ",")
        return "{" + (["\(jsonString(Self.metadataKey)):{\(head)}"] + entries.map(Self.json)).joined(separator: ",") + "}"
    }

    private static func json(_ entry: Entry) -> String {
        let shape = entry.shape.map(String.init).joined(separator: ",")
        return #"\#(jsonString(entry.name)):{"dtype":"\#(entry.elementType.rawValue)","shape":[\#(shape)],"#
            + #""data_offsets":[\#(entry.range.lowerBound),\#(entry.range.upperBound)]}"#
    }
}

/// The order of the names' UTF-8 bytes, which is independent of locale and Unicode version.
private func bytewisePrecedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// The number of bytes of `jsonString(text)` without its quotation marks. Does not create the string.
func jsonByteCount(_ text: String) -> Int {
    text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : $1 < 0x20 ? 6 : 1) }
}

/// A JSON string. Escapes quotation marks, backslashes and control characters only.
func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\u{0}"..<"\u{20}":
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
