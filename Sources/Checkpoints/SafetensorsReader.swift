package import Files

/// An open checkpoint: its file is mapped, checked and, where it has checksums, verified to the last byte.
public final class SafetensorsReader: Sendable {
    /// One array of the file.
    public struct ArrayDescription: Sendable, Equatable {
        /// The array's name.
        public let name: String
        /// The type of its elements.
        public let elementType: ElementType
        /// Sizes, outermost first.
        public let shape: [Int]
    }

    /// The file that was opened.
    public let path: String
    /// What the file holds, in the order of its data.
    public let arrays: [ArrayDescription]
    /// The texts that were given to the writer.
    public let metadata: [String: String]

    private let file: MappedFile
    private let dataStart: Int
    private let entries: [String: SafetensorsHeader.Entry]

    /// Opens and verifies a file. Cost: one pass over it.
    ///
    /// With `requireChecksums: false` a safetensors file of another program, which has no checksums, is taken too; one that
    /// has them is verified all the same. Throws `.missing`, `.unreadable` or `.damaged`.
    public convenience init(path: String, requireChecksums: Bool = true) throws(CheckpointError) {
        try self.init(Self.mapped(path), requireChecksums: requireChecksums)
    }

    /// The same of a file that is mapped already.
    package init(_ file: MappedFile, requireChecksums: Bool) throws(CheckpointError) {
        let header: SafetensorsHeader
        do throws(CheckpointDamage) {
            (header, dataStart) = try SafetensorsHeader.read(from: file.bytes, requireChecksums: requireChecksums)
            try Self.verify(header, UnsafeRawBufferPointer(rebasing: file.bytes[dataStart...]))
        } catch {
            throw .damaged(path: file.path, error)
        }
        path = file.path
        self.file = file
        arrays = header.entries.map { ArrayDescription(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
        metadata = header.metadata
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// The names of all arrays, in the order of the data.
    public var names: [String] { arrays.map(\.name) }

    /// The description of one array, or nil if the file has none of this name.
    public func description(of name: String) -> ArrayDescription? {
        entries[name].map { ArrayDescription(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
    }

    /// Calls the body with an array's elements, which lie in the mapped file and are gone when it returns.
    ///
    /// Throws `.noSuchArray`, or `.otherArray` if the element type differs or the shape is not the one given.
    public func withElements<Element: CheckpointElement, Result>(
        of name: String, as type: Element.Type = Element.self, shape: [Int]? = nil,
        _ body: (UnsafeBufferPointer<Element>) -> Result
    ) throws(CheckpointError) -> Result {
        let bytes = bytes(of: try entry(name, Element.elementType, shape))
        let isAligned = UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Element>.alignment) == 0
        if isAligned { return body(bytes.assumingMemoryBound(to: Element.self)) }
        // Other programs' files need not be aligned.
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: bytes.count / MemoryLayout<Element>.size)
        defer { copy.deallocate() }
        UnsafeMutableRawBufferPointer(copy).copyMemory(from: bytes)
        return body(UnsafeBufferPointer(copy))
    }

    /// Copies an array of this very shape over the destination, which must have as many elements.
    ///
    /// Throws as `withElements`.
    public func copy<Element: CheckpointElement>(
        _ name: String, shape: [Int], into destination: UnsafeMutableBufferPointer<Element>
    ) throws(CheckpointError) {
        let bytes = bytes(of: try entry(name, Element.elementType, shape))
        let room = UnsafeMutableRawBufferPointer(destination)
        precondition(room.count == bytes.count, "\(name) \(shape) has \(bytes.count) bytes, its destination \(room.count)")
        room.copyMemory(from: bytes)
    }

    /// A copy of an array's elements. Throws as `withElements`.
    public func elements<Element: CheckpointElement>(
        of name: String, as type: Element.Type = Element.self, shape: [Int]? = nil
    ) throws(CheckpointError) -> [Element] {
        try withElements(of: name, as: type, shape: shape) { Array($0) }
    }

    private func bytes(of entry: SafetensorsHeader.Entry) -> UnsafeRawBufferPointer {
        let (start, end) = (dataStart + entry.range.lowerBound, dataStart + entry.range.upperBound)
        return UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
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

    private static func mapped(_ path: String) throws(CheckpointError) -> MappedFile {
        do throws(FileError) {
            return try MappedFile(path: path)
        } catch {
            throw CheckpointError(error)
        }
    }

    private static func verify(
        _ header: SafetensorsHeader, _ data: UnsafeRawBufferPointer
    ) throws(CheckpointDamage) {
        for entry in header.entries {
            guard let expected = header.checksums[entry.name] else { continue }
            let found = checksum(UnsafeRawBufferPointer(rebasing: data[entry.range]))
            guard found.utf8.elementsEqual(expected.utf8) else {
                throw .wrongChecksum(array: entry.name, found: found, expected: expected)
            }
        }
    }
}
