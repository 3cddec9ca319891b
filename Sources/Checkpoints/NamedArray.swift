/// An array with a name and a shape, whose bytes stay where the caller has them.
///
/// It borrows the bytes: the caller keeps them alive and unchanged until the array has been written.
public struct NamedArray {
    /// Under this name the array is found again; any text but `__metadata__`.
    public let name: String
    /// Sizes, outermost first, row-major; `[]` is a single element.
    public let shape: [Int]
    /// The type of the elements.
    public let elementType: ElementType
    /// The elements' bytes, little-endian: as many as shape and element type say.
    public let bytes: UnsafeRawBufferPointer

    /// An array over raw bytes.
    public init(name: String, shape: [Int], elementType: ElementType, bytes: UnsafeRawBufferPointer) {
        precondition(name != SafetensorsHeader.metadataKey, "\(name) is no name for an array: safetensors reserves it")
        let expected = byteCount(ofShape: shape, elementType)
        precondition(bytes.count == expected, "\(name) \(shape) \(elementType.rawValue) does not take \(bytes.count) bytes")
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.bytes = bytes
    }

    /// An array over typed elements.
    public init<Element: CheckpointElement>(name: String, shape: [Int], elements: UnsafeBufferPointer<Element>) {
        self.init(name: name, shape: shape, elementType: Element.elementType, bytes: UnsafeRawBufferPointer(elements))
    }

    /// The same array over a copy of its bytes.
    func moved(to bytes: UnsafeRawBufferPointer) -> NamedArray {
        NamedArray(name: name, shape: shape, elementType: elementType, bytes: bytes)
    }
}

/// What one checkpoint file holds: arrays under different names, and texts by key.
///
/// Two names that Swift compares as equal (the same letters in another Unicode composition) count as the same.
public struct Checkpoint {
    /// The arrays, in any order: the file has its own.
    public let arrays: [NamedArray]
    /// Texts by key. Keys that start with `xxh3` are the format's own.
    public let metadata: [String: String]

    /// A checkpoint of borrowed arrays.
    public init(arrays: [NamedArray], metadata: [String: String] = [:]) {
        precondition(Set(arrays.map(\.name)).count == arrays.count, "two arrays of a checkpoint have the same name")
        let reserved = metadata.keys.first { $0.hasPrefix(SafetensorsHeader.checksumPrefix) }
        precondition(reserved == nil, "the metadata key \(reserved ?? "") is reserved for checksums")
        self.arrays = arrays
        self.metadata = metadata
    }

    /// The bytes of all arrays together.
    public var byteCount: Int { arrays.reduce(0) { $0 + $1.bytes.count } }
}
