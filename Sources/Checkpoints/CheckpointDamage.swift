import Failures
import Files

/// The damage in a checkpoint file, with the found and the expected values.
public enum CheckpointDamage: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file is shorter than its header says.
    case tooShort(byteCount: Int, needed: UInt64)
    /// The length of the header exceeds the limit of the format.
    case headerTooLong(byteCount: UInt64, limit: UInt64)
    /// The header is not a JSON object of the format.
    case unreadableHeader(String)
    /// The header contains a name twice, or a field that is not in the format.
    case repeatedOrUnknownNames(found: Int, expected: Int)
    /// The element type is not supported.
    case unknownElementType(array: String, found: String)
    /// A size is negative, or the array exceeds the address space.
    case impossibleShape(array: String, shape: [Int])
    /// The two offsets of the array are not in order or not inside the file.
    case impossibleOffsets(array: String, found: [Int], byteCount: Int)
    /// The array does not begin at the end of the previous array.
    case notContiguous(array: String, start: Int, expected: Int)
    /// Offsets and shape disagree.
    case wrongByteCount(array: String, found: Int, expected: Int)
    /// The arrays end before the end of the file.
    case trailingBytes(dataEnd: Int, fileEnd: Int)
    /// The file, or one of its arrays, has no checksum.
    case noChecksum(array: String?)
    /// A checksum has no array.
    case strayChecksum(array: String)
    /// The step in the file differs from that in its name.
    case otherStep(found: Int, named: Int)
    /// The digest of the parameters, as the header has it, is not that of the file that the job wrote or found at its start.
    case otherParameters(found: String, expected: String)
    /// The digest of the header does not match.
    case wrongHeaderDigest(found: String, expected: String)
    /// The checksum of an array does not match.
    case wrongChecksum(array: String, found: String, expected: String)

    /// The other format of which the file is, by its first bytes: there, a checkpoint has the length of its header. Nil if it is none of those known.
    var format: FileFormat? {
        guard case .headerTooLong(let byteCount, _) = self else { return nil }
        return withUnsafeBytes(of: byteCount.littleEndian) { FileFormat($0) }
    }

    /// Whether the bytes of the length of a header are characters of ASCII.
    private func isText(_ byteCount: UInt64) -> Bool {
        withUnsafeBytes(of: byteCount.littleEndian) {
            $0.allSatisfy { (0x20..<0x7F).contains($0) || [0x09, 0x0A, 0x0D].contains($0) }
        }
    }

    public var description: String {
        switch self {
        case .tooShort(let byteCount, let needed): "it has \(counted(byteCount, "byte")), but needs at least \(needed)"
        case .headerTooLong(let byteCount, let limit):
            format.map { "it is a file of the format \($0.name)" }
                ?? (isText(byteCount)
                    ? "it begins with text, and not with the length of a header"
                    : "its header has \(counted(byteCount, "byte")); the maximum is \(limit)")
        case .unreadableHeader(let detail): "its header is not a safetensors header: \(detail)"
        case .repeatedOrUnknownNames(let found, let expected):
            "its header has \(counted(found, "key")) instead of \(expected): a duplicate name, or an unknown field"
        case .unknownElementType(let array, let found):
            "\(quoted(array)) has the element type \(quoted(found)); supported types are "
                + ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        case .impossibleShape(let array, let shape): "\(quoted(array)) has the impossible shape \(shape)"
        case .impossibleOffsets(let array, let found, let byteCount):
            "\(quoted(array)) has the offsets \(found) in \(counted(byteCount, "byte")) of data"
        case .notContiguous(let array, let start, let expected):
            "\(quoted(array)) starts at byte \(start) of the data; expected \(expected)"
        case .wrongByteCount(let array, let found, let expected):
            "\(quoted(array)) has \(counted(found, "byte")), but its shape needs \(expected)"
        case .trailingBytes(let dataEnd, let fileEnd): "its arrays end at byte \(dataEnd), but the file ends at byte \(fileEnd)"
        case .noChecksum(let array): array.map { "\(quoted($0)) has no checksum" } ?? "it has no checksums"
        case .strayChecksum(let array): "it has a checksum for \(quoted(array)), but no such array"
        case .otherStep(let found, let named): "it is from step \(found), but its name says \(named)"
        case .otherParameters(let found, let expected):
            "another file has replaced it: the digest of its parameters is \(quoted(found)); expected \(expected)"
        case .wrongHeaderDigest(let found, let expected): "the digest of its header is \(found); expected \(expected)"
        case .wrongChecksum(let array, let found, let expected):
            "the checksum of \(quoted(array)) is \(found); expected \(expected)"
        }
    }
}

/// A name from a file for use in a message: shortened, without control characters.
func quoted(_ name: String) -> String {
    let scalars = name.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : String($0) }
    return "'\(scalars.joined())\(name.unicodeScalars.count > 80 ? "..." : "")'"
}
