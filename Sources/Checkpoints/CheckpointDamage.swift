import Failures

/// What is wrong inside a checkpoint file: what was found, and what was expected.
public enum CheckpointDamage: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file ends before what its header promises.
    case tooShort(byteCount: Int, needed: UInt64)
    /// The header's length is beyond what the format allows.
    case headerTooLong(byteCount: UInt64, limit: UInt64)
    /// The header is no JSON object of the format's kind.
    case unreadableHeader(String)
    /// A name stands twice in the header, or a field there is none of the format's.
    case repeatedOrUnknownNames(found: Int, expected: Int)
    /// The element type is none that this program reads.
    case unknownElementType(array: String, found: String)
    /// A size is negative, or the array would be larger than the address space.
    case impossibleShape(array: String, shape: [Int])
    /// The array's two offsets are not in order, or not inside the file.
    case impossibleOffsets(array: String, found: [Int], byteCount: Int)
    /// There is a hole before the array, or it overlaps the one before.
    case notContiguous(array: String, start: Int, expected: Int)
    /// Offsets and shape disagree.
    case wrongByteCount(array: String, found: Int, expected: Int)
    /// The arrays end before the file does.
    case trailingBytes(dataEnd: Int, fileEnd: Int)
    /// The file, or one array of it, has no checksum.
    case noChecksum(array: String?)
    /// A checksum belongs to no array.
    case strayChecksum(array: String)
    /// The file is of another step than its name says.
    case otherStep(found: Int, named: Int)
    /// The header is not the one that was written.
    case wrongHeaderDigest(found: String, expected: String)
    /// An array's bytes are not those that were written.
    case wrongChecksum(array: String, found: String, expected: String)

    public var description: String {
        switch self {
        case .tooShort(let byteCount, let needed): "it has \(counted(byteCount, "byte")) and needs at least \(needed)"
        case .headerTooLong(let byteCount, let limit):
            "its header claims \(counted(byteCount, "byte")); at most \(limit) are allowed"
        case .unreadableHeader(let detail): "its header is no safetensors header: \(detail)"
        case .repeatedOrUnknownNames(let found, let expected):
            "its header has \(counted(found, "key")) where \(expected) were expected: a name twice, or an unknown field"
        case .unknownElementType(let array, let found):
            "\(quoted(array)) has the element type \(quoted(found)), and this program reads "
                + ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        case .impossibleShape(let array, let shape): "\(quoted(array)) has the impossible shape \(shape)"
        case .impossibleOffsets(let array, let found, let byteCount):
            "\(quoted(array)) has the offsets \(found) in \(counted(byteCount, "byte")) of data"
        case .notContiguous(let array, let start, let expected):
            "\(quoted(array)) starts at byte \(start) of the data, and \(expected) was expected"
        case .wrongByteCount(let array, let found, let expected):
            "\(quoted(array)) has \(counted(found, "byte")), and its shape needs \(expected)"
        case .trailingBytes(let dataEnd, let fileEnd): "its arrays end at byte \(dataEnd), and the file at byte \(fileEnd)"
        case .noChecksum(let array): array.map { "\(quoted($0)) has no checksum" } ?? "it has no checksums"
        case .strayChecksum(let array): "it has a checksum for \(quoted(array)), which it does not hold"
        case .otherStep(let found, let named): "it is of step \(found), and its name says \(named)"
        case .wrongHeaderDigest(let found, let expected): "its header's digest is \(found), and \(expected) was expected"
        case .wrongChecksum(let array, let found, let expected):
            "the checksum of \(quoted(array)) is \(found), and \(expected) was expected"
        }
    }
}

/// A name from a file, cut to a length that fits into a message, and with no control characters.
func quoted(_ name: String) -> String {
    let scalars = name.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : String($0) }
    return "'\(scalars.joined())\(name.unicodeScalars.count > 80 ? "..." : "")'"
}
