import Digests

/// The digest of a checkpoint's header, inside the header itself.
///
/// The header starts with a field of 16 hex digits, which count as zeros when the header and its length are hashed.
/// With the arrays' checksums, which stand in the header, it covers every byte of the file.
package enum HeaderSeal {
    private static let digitCount = 16
    private static let key = "\(SafetensorsHeader.checksumPrefix)_header"
    private static let opening = Array(#"{"\#(SafetensorsHeader.metadataKey)":{"\#(key)":""#.utf8)
    private static let field = {
        let start = SafetensorsHeader.lengthByteCount + opening.count
        return start..<start + digitCount
    }()

    /// The field before it is sealed; must be the first of the metadata.
    package static let blankPair = #""\#(key)":"\#(String(repeating: "0", count: digitCount))""#
    /// The field's key in the metadata.
    static let metadataKey = key

    /// Writes the digest into its field. The bytes are the file's from its start to its data.
    package static func seal(_ bytes: inout [UInt8]) {
        precondition(isSealed(bytes[...]), "a header to be sealed has the field for the digest at its start")
        let digest = digest(bytes)
        bytes.replaceSubrange(field, with: digest.utf8)
    }

    /// A copy of a whole file with the right digest for the header that it has; nil if it has no field for it.
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

    /// Whether the file's first bytes have the field where it belongs.
    static func isSealed(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        bytes.dropFirst(SafetensorsHeader.lengthByteCount).starts(with: opening) && bytes.count >= field.upperBound
    }

    /// Compares the field with the digest, digit by digit as text.
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

/// XXH3 of the bytes, as the format writes it: 16 lower-case hex digits.
func checksum(_ bytes: UnsafeRawBufferPointer) -> String { XXH3.digest(bytes).hexadecimal }
