/// Owner of the activations, caches and scratch of one model. Everything is allocated once, here, and freed together.
///
/// Memory is zeroed and aligned to cache lines. A training step allocates nothing.
public final class Workspace {
    private var allocations: [UnsafeMutableRawPointer] = []
    private let isMeasuring: Bool
    /// Bytes handed out so far.
    public private(set) var byteCount = 0

    /// With `measuring`, only counts bytes, and returns `UnsafeMutableRawPointer.untouchable` for each allocation.
    public init(measuring: Bool = false) { isMeasuring = measuring }

    deinit { allocations.forEach { $0.deallocate() } }

    /// `count` zeros of a trivial type.
    public func allocate<Element: BitwiseCopyable>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        // One vector of padding at the end keeps empty and odd sizes simple.
        let bytes = (count * MemoryLayout<Element>.stride + 127) / 64 * 64
        byteCount += bytes
        if isMeasuring { return UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: type) }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        allocations.append(raw)
        return raw.bindMemory(to: type, capacity: count)
    }

    /// A matrix of zeros without gaps.
    public func matrix(rows: Int, columns: Int) -> MatrixView {
        MatrixView(allocate(Float.self, count: rows * columns), rows: rows, columns: columns)
    }

    /// A matrix of zeros for a left operand of many columns, with `spreadStride` floats from one row to the next.
    public func spreadMatrix(rows: Int, columns: Int) -> MatrixView {
        let stride = Self.spreadStride(columns: columns)
        return MatrixView(allocate(Float.self, count: rows * stride), rows: rows, columns: columns, rowStride: stride)
    }

    /// Floats from one row of a spread matrix to the next. If the number of columns is a multiple of 512, it is a cache line more
    /// than the columns.
    ///
    /// A product reads a dozen rows side by side. Rows 2 KiB apart would map to only two of the cache's 64 sets, and a set holds
    /// eight lines.
    public static func spreadStride(columns: Int) -> Int { columns % 512 == 0 ? columns + 16 : columns }
}

extension UnsafeMutableRawPointer {
    /// An address that is never mapped, for the measuring pass. x86-64 and ARMv8 fault on non-canonical addresses.
    static var untouchable: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: 0x0070_0000_0000_0000)! }
}
