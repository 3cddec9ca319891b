/// The element type of an array, with its name in safetensors.
public enum ElementType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case int64 = "I64"
    case float32 = "F32"
    case int32 = "I32"
    case uint8 = "U8"

    /// Bytes of one element. Arrays in the file are aligned to it.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .uint8: 1
        }
    }
}

/// A Swift type with the bit representation of an element type, little-endian.
public protocol CheckpointElement: BitwiseCopyable, Sendable {
    /// The element type in the file.
    static var elementType: ElementType { get }
}

extension Double: CheckpointElement {
    public static var elementType: ElementType { .float64 }
}

extension Float: CheckpointElement {
    public static var elementType: ElementType { .float32 }
}

extension Int64: CheckpointElement {
    public static var elementType: ElementType { .int64 }
}

extension Int: CheckpointElement {
    public static var elementType: ElementType { .int64 }
}

extension Int32: CheckpointElement {
    public static var elementType: ElementType { .int32 }
}

extension UInt8: CheckpointElement {
    public static var elementType: ElementType { .uint8 }
}

/// The number of elements of an array of this shape; nil if a size is negative or the product overflows.
///
/// The shape `[]` has one element. A shape that contains 0 has none.
private func elementCount(ofShape shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflow else { return nil }
        count = product
    }
    return count
}

/// The number of bytes of an array of this shape; nil if a size is negative or the product overflows.
func byteCount(ofShape shape: [Int], _ elementType: ElementType) -> Int? {
    guard let count = elementCount(ofShape: shape) else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
    return overflow ? nil : product
}
