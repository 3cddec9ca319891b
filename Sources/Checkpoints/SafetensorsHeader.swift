/// The head of a safetensors file: which array lies where, and the texts.
///
/// Layout of the file: the header's length (u64, little-endian), the header (JSON, padded with spaces so that the data
/// start at a multiple of 8), the data. Offsets count from the start of the data; the arrays follow one another without
/// holes, and the last ends with the file. Ours lie in the order of falling element size, then of name, so that each is
/// aligned to its elements.
/// Source: the format's description in the safetensors repository; the limit on the header is the one its reader has.
struct SafetensorsHeader: Equatable {
    static let metadataKey = "__metadata__"
    /// Every metadata key that belongs to the format starts so.
    static let checksumPrefix = "xxh3"
    static let lengthByteCount = 8
    static let byteCountLimit: UInt64 = 100_000_000

    /// One array's place and kind.
    struct Entry: Equatable {
        let name: String
        let elementType: ElementType
        let shape: [Int]
        /// Bytes, counted from the start of the data.
        let range: Range<Int>
    }

    /// In the order of the data.
    let entries: [Entry]
    /// The caller's texts, without checksums.
    let metadata: [String: String]
    /// XXH3 of an array's bytes as 16 hex digits, by the array's name.
    let checksums: [String: String]

    /// The metadata key of an array's checksum.
    static func checksumKey(_ name: String) -> String { "\(checksumPrefix).\(name)" }
}

extension SafetensorsHeader {
    /// Arrays in the order that the file has them.
    static func inFileOrder(_ arrays: [NamedArray]) -> [NamedArray] {
        arrays.sorted { left, right in
            let (leftSize, rightSize) = (left.elementType.byteCount, right.elementType.byteCount)
            return leftSize == rightSize ? bytewisePrecedes(left.name, right.name) : leftSize > rightSize
        }
    }

    /// The header for arrays that are in file order.
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

    /// The file's bytes up to its data: length, JSON, padding; sealed with its own digest. The same contents give the same bytes.
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

/// Order of the names' UTF-8 bytes, which no locale and no Unicode version changes.
private func bytewisePrecedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// The bytes of `jsonString(text)` besides its quotation marks, without making it.
func jsonByteCount(_ text: String) -> Int {
    text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : $1 < 0x20 ? 6 : 1) }
}

/// A JSON string: quotation marks, backslashes and control characters are escaped, all else stands as it is.
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
