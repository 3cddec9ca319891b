import Digests
import Failures
package import Files

/// An open checkpoint file. It is validated and, if it has checksums, verified to the last byte.
///
/// All reading uses system calls, so that an unreadable block of the disk is an error. Each read verifies the array again, because the file
/// may have changed.
public final class SafetensorsReader: Sendable {
    /// An array of the file.
    public struct ArrayDescription: Sendable, Equatable {
        /// The name of the array.
        public let name: String
        /// The element type.
        public let elementType: ElementType
        /// The sizes, outermost first.
        public let shape: [Int]
    }

    /// The key of the digest of the parameters in the metadata of a checkpoint.
    package static let digestKey = "parameters_digest"

    /// The path of the file.
    public let path: String
    /// The arrays in the order of the data.
    public let arrays: [ArrayDescription]
    /// The texts that were passed to the writer.
    public let metadata: [String: String]

    private let file: ReadableFile
    private let dataStart: Int
    private let entries: [String: SafetensorsHeader.Entry]
    private let checksums: [String: String]

    /// Opens and verifies a file. Cost: one pass over it.
    ///
    /// With `requireChecksums: false` it also accepts safetensors files of other programs, which have no checksums. Checksums are always
    /// verified if there are any. Throws `.missing`, `.unreadable` or `.damaged`.
    public convenience init(path: String, requireChecksums: Bool = true) throws(CheckpointError) {
        let file = try asCheckpointError { () throws(FileError) in try ReadableFile(path: path) }
        try self.init(file, requireChecksums: requireChecksums)
    }

    /// Opens and verifies a file that is already open.
    package init(_ file: ReadableFile, requireChecksums: Bool) throws(CheckpointError) {
        let head = try SafetensorsHeader.head(of: file)
        let header: SafetensorsHeader
        do throws(CheckpointDamage) {
            header = try SafetensorsHeader.read(head, fileByteCount: file.byteCount, requireChecksums: requireChecksums)
        } catch {
            throw .damaged(path: file.path, error)
        }
        path = file.path
        self.file = file
        dataStart = head.count
        arrays = header.entries.map { ArrayDescription(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
        metadata = header.metadata
        checksums = header.checksums
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
        if !header.checksums.isEmpty { try verify(header.entries) }
    }

    /// The texts of the file at `path`, whose header is checked and whose data is not read. Throws as the initializer.
    package static func metadata(path: String) throws(CheckpointError) -> [String: String] {
        let file = try asCheckpointError { () throws(FileError) in try ReadableFile(path: path) }
        let head = try SafetensorsHeader.head(of: file)
        do throws(CheckpointDamage) {
            return try SafetensorsHeader.read(head, fileByteCount: file.byteCount, requireChecksums: true).metadata
        } catch {
            throw .damaged(path: path, error)
        }
    }

    /// The names of all arrays, in the order of the data.
    public var names: [String] { arrays.map(\.name) }

    /// The description of an array; nil if the file has none of this name.
    public func description(of name: String) -> ArrayDescription? {
        entries[name].map { ArrayDescription(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
    }

    /// Calls the body with a copy of an array's elements, which is valid during the call.
    ///
    /// Throws `.noSuchArray`, `.otherArray` if the element type or the shape differs, `.unreadable` or `.damaged` if the file has
    /// changed since it was opened, and `.noMemory`.
    public func withElements<Element: CheckpointElement, Result>(
        of name: String, as type: Element.Type = Element.self, shape: [Int]? = nil,
        _ body: (UnsafeBufferPointer<Element>) -> Result
    ) throws(CheckpointError) -> Result {
        let entry = try entry(name, Element.elementType, shape)
        let copy = try room(of: entry)
        defer { withExtendedLifetime(copy) {} }
        try read(entry, into: copy.bytes)
        return body(UnsafeBufferPointer(copy.bytes.bindMemory(to: Element.self)))
    }

    private func room(of entry: SafetensorsHeader.Entry) throws(CheckpointError) -> MemoryBlock {
        do throws(MemoryError) {
            return try MemoryBlock(byteCount: entry.range.count, for: "an array of the checkpoint")
        } catch {
            throw .noMemory(path: path, error)
        }
    }

    /// Copies an array of exactly this shape to the destination, which must have the same number of elements.
    ///
    /// Throws the errors of `withElements`. The destination may then be partly written.
    public func copy<Element: CheckpointElement>(
        _ name: String, shape: [Int], into destination: UnsafeMutableBufferPointer<Element>
    ) throws(CheckpointError) {
        let entry = try entry(name, Element.elementType, shape)
        let room = UnsafeMutableRawBufferPointer(destination)
        precondition(
            room.count == entry.range.count, "\(name) \(shape) has \(entry.range.count) bytes, its destination \(room.count)")
        try read(entry, into: room)
    }

    /// A copy of an array's elements. Throws the errors of `withElements`.
    public func elements<Element: CheckpointElement>(
        of name: String, as type: Element.Type = Element.self, shape: [Int]? = nil
    ) throws(CheckpointError) -> [Element] {
        try withElements(of: name, as: type, shape: shape) { Array($0) }
    }

    /// Finds an array of this type and shape, without reading it. Throws `.noSuchArray` or `.otherArray`.
    package func require<Element: CheckpointElement>(
        _ name: String, of type: Element.Type, shape: [Int]
    ) throws(CheckpointError) {
        _ = try entry(name, Element.elementType, shape)
    }

    private func entry(
        _ name: String, _ elementType: ElementType, _ shape: [Int]?
    ) throws(CheckpointError) -> SafetensorsHeader.Entry {
        guard let entry = entries[name] else { throw .noSuchArray(path: path, name: name) }
        let expectedShape = shape ?? entry.shape
        guard entry.elementType == elementType, entry.shape == expectedShape else {
            throw .otherArray(
                path: path, name: name, found: "\(entry.elementType.rawValue) \(entry.shape)",
                expected: "\(elementType.rawValue) \(expectedShape)")
        }
        return entry
    }

    private func read(_ entry: SafetensorsHeader.Entry, into room: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        let start = dataStart + entry.range.lowerBound
        try asCheckpointError { () throws(FileError) in try file.read(into: room, at: start) }
        try compare(entry, found: XXH3.digest(UnsafeRawBufferPointer(room)))
    }

    /// Reads all data, and compares the checksum of each array.
    private func verify(_ entries: [SafetensorsHeader.Entry]) throws(CheckpointError) {
        var data = DataPieces(of: file, from: dataStart)
        for entry in entries {
            var hasher = XXH3Hasher()
            var left = entry.range.count
            while left > 0 {
                let piece = try data.next(upTo: left)
                hasher.update(piece)
                left -= piece.count
            }
            try compare(entry, found: hasher.digest())
        }
    }

    private func compare(_ entry: SafetensorsHeader.Entry, found digest: UInt64) throws(CheckpointError) {
        guard let expected = checksums[entry.name] else { return }
        let found = digest.hexadecimal
        guard found.utf8.elementsEqual(expected.utf8) else {
            throw .damaged(path: path, .wrongChecksum(array: entry.name, found: found, expected: expected))
        }
    }
}

/// Reads a file sequentially from an offset, through a buffer of 1 MiB.
private struct DataPieces: ~Copyable {
    private let file: ReadableFile
    private let room: UnsafeMutableRawBufferPointer
    /// The offset of the next byte to read from the file.
    private var position: Int
    /// The buffered bytes that were not returned yet.
    private var ready: Range<Int> = 0..<0

    init(of file: ReadableFile, from start: Int) {
        self.file = file
        position = start
        room = .allocate(byteCount: 1 << 20, alignment: 64)
    }

    deinit { room.deallocate() }

    /// The next bytes: at least one, and up to `count`. Valid until the next call.
    mutating func next(upTo count: Int) throws(CheckpointError) -> UnsafeRawBufferPointer {
        if ready.isEmpty {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, max(count, file.byteCount - position))])
            let (file, start) = (file, position)
            try asCheckpointError { () throws(FileError) in try file.read(into: wanted, at: start) }
            position += wanted.count
            ready = 0..<wanted.count
        }
        let given = ready.lowerBound..<min(ready.upperBound, ready.lowerBound + count)
        ready = given.upperBound..<ready.upperBound
        return UnsafeRawBufferPointer(rebasing: room[given])
    }
}
