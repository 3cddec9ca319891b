import Digests
import Files

/// A text whose bytes were all read once: valid UTF-8 unless the unit is bytes, and with its digest known.
public final class TextSource: Sendable {
    private enum Storage: Sendable {
        case file(MappedFile)
        case memory([UInt8])
    }

    /// The file's path, or what else the text is called in messages.
    public let name: String
    /// What a token of it is.
    public let unit: TokenUnit
    /// XXH3 of all bytes of the text, a byte-order mark included.
    public let digest: UInt64
    private let storage: Storage

    /// Maps and examines the file at `path`.
    ///
    /// Throws what `mappedFile` throws, and `invalidUTF8` (65) with the offset of the first bad sequence.
    public init(path: String, unit: TokenUnit) throws(TextDataError) {
        let file = try mappedFile(path)
        file.adviseSequential()
        digest = try Self.examine(file.bytes, unit: unit, name: path)
        (name, self.unit, storage) = (path, unit, .file(file))
    }

    /// Examines a text that is in memory already.
    public init(name: String, bytes: [UInt8], unit: TokenUnit) throws(TextDataError) {
        digest = try bytes.withRawBytes { (all) throws(TextDataError) in
            try Self.examine(all, unit: unit, name: name)
        }
        (self.name, self.unit, storage) = (name, unit, .memory(bytes))
    }

    /// The size of the whole text, a byte-order mark included.
    public var byteCount: Int {
        switch storage {
        case .file(let file): file.bytes.count
        case .memory(let bytes): bytes.count
        }
    }

    /// Gives `body` the whole text, a byte-order mark included.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result) throws(TextDataError) -> Result {
        switch storage {
        case .file(let file):
            defer { withExtendedLifetime(file) {} }
            return try body(file.bytes)
        case .memory(let bytes):
            return try bytes.withRawBytes(body)
        }
    }

    /// Digests and validates in one walk, piece by piece, so that each piece is still in the cache for the second reader.
    private static func examine(
        _ bytes: UnsafeRawBufferPointer, unit: TokenUnit, name: String
    ) throws(TextDataError) -> UInt64 {
        let pieceSize = 1 << 18
        var hasher = XXH3Hasher()
        var validator = UTF8Validator(bytes)
        var start = 0
        while start < bytes.count {
            let end = min(start + pieceSize, bytes.count)
            hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            if unit != .byte, let defect = validator.advance(to: end) {
                throw .invalidUTF8(source: name, byteOffset: validator.position, defect: defect)
            }
            start = end
        }
        return hasher.digest()
    }
}

extension [UInt8] {
    /// As `withUnsafeBytes`, for a body that throws an error of ours.
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result
    ) throws(TextDataError) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(TextDataError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
