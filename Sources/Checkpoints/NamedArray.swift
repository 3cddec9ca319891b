/// An array with a name and a shape, without a copy of its bytes.
///
/// It borrows the bytes. The caller must keep them valid and unchanged until the array has been written.
public struct NamedArray {
    /// The name in the file; any text but `__metadata__`.
    public let name: String
    /// The sizes, outermost first, row-major; `[]` for a single element.
    public let shape: [Int]
    /// The element type.
    public let elementType: ElementType
    /// The bytes of the elements, little-endian. Their number must match shape and element type.
    public let bytes: UnsafeRawBufferPointer

    /// An array of raw bytes.
    public init(name: String, shape: [Int], elementType: ElementType, bytes: UnsafeRawBufferPointer) {
        precondition(name != SafetensorsHeader.metadataKey, "\(name) is no name for an array: safetensors reserves it")
        let expected = byteCount(ofShape: shape, elementType)
        precondition(bytes.count == expected, "\(name) \(shape) \(elementType.rawValue) does not take \(bytes.count) bytes")
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.bytes = bytes
    }

    /// An array of typed elements.
    public init<Element: CheckpointElement>(name: String, shape: [Int], elements: UnsafeBufferPointer<Element>) {
        self.init(name: name, shape: shape, elementType: Element.elementType, bytes: UnsafeRawBufferPointer(elements))
    }

    /// The same array with a copy of its bytes as storage.
    func moved(to bytes: UnsafeRawBufferPointer) -> NamedArray {
        NamedArray(name: name, shape: shape, elementType: elementType, bytes: bytes)
    }
}
