import Digests

/// The digest of a checkpoint's header, stored in the header.
///
/// The header begins with a field of 16 hexadecimal digits, which count as zeros in the hash of the header and its length. Together with
/// the checksums of the arrays, which are in the header, it covers every byte of the file.
package enum HeaderSeal {
    private static let digitCount = 16
    private static let key = "\(SafetensorsHeader.checksumPrefix)_header"
    private static let opening = Array(#"{"\#(SafetensorsHeader.metadataKey)":{"\#(key)":""#.utf8)
    private static let field = {
        let start = SafetensorsHeader.lengthByteCount + opening.count
        return start..<start + digitCount
    }()

    /// The field before the digest is written. It must be the first entry of the metadata.
    package static let blankPair = #""\#(key)":"\#(String(repeating: "0", count: digitCount))""#
    /// The key of the field in the metadata.
    static let metadataKey = key

    /// Writes the digest into its field. The bytes are those of the file before its data.
    package static func seal(_ bytes: inout [UInt8]) {
        precondition(isSealed(bytes[...]), "a header to be sealed has the field for the digest at its start")
        let digest = digest(bytes)
        bytes.replaceSubrange(field, with: digest.utf8)
    }

    /// A copy of a whole file with the correct digest of its header; nil if the header has no field for it.
    package static func resealed(_ file: UnsafeRawBufferPointer) -> [UInt8]? {
        guard file.count >= SafetensorsHeader.lengthByteCount else { return nil }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(file.count - SafetensorsHeader.lengthByteCount) else { return nil }
        let dataStart = SafetensorsHeader.lengthByteCount + Int(length)
        var head = Array(file[..<dataStart])
        guard isSealed(head) else { return nil }
        seal(&head)
        return head + Array(file[dataStart...])
    }

    /// Whether the file begins with the field.
    static func isSealed(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        bytes.dropFirst(SafetensorsHeader.lengthByteCount).starts(with: opening) && bytes.count >= field.upperBound
    }

    /// Compares the field with the digest.
    static func verify(_ bytes: [UInt8]) throws(CheckpointDamage) {
        let expected = String(decoding: bytes[field], as: UTF8.self)
        let found = digest(bytes)
        guard found.utf8.elementsEqual(bytes[field]) else { throw .wrongHeaderDigest(found: found, expected: expected) }
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        var blanked = bytes
        blanked.replaceSubrange(field, with: repeatElement(UInt8(ascii: "0"), count: digitCount))
        return blanked.withUnsafeBytes(checksum)
    }
}

/// XXH3 of the bytes as 16 lower-case hexadecimal digits.
func checksum(_ bytes: UnsafeRawBufferPointer) -> String { XXH3.digest(bytes).hexadecimal }
