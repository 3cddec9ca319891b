/// Owner of the activations, caches and scratch of one model: everything is allocated here, once, and freed together.
///
/// Memory is zeroed, and aligned to cache lines. A training step asks for nothing.
public final class Workspace {
    private var allocations: [UnsafeMutableRawPointer] = []
    private let isMeasuring: Bool
    /// Bytes handed out so far.
    public private(set) var byteCount = 0

    /// With `measuring`, bytes are counted only: what is handed out is `UnsafeMutableRawPointer.untouchable`.
    public init(measuring: Bool = false) { isMeasuring = measuring }

    deinit { allocations.forEach { $0.deallocate() } }

    /// `count` zeros of a trivial type.
    public func allocate<Element: BitwiseCopyable>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        // Room for one vector behind the end keeps empty and odd sizes simple.
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

    /// A matrix of zeros for a left operand of many columns, `spreadStride` floats from one row to the next.
    public func spreadMatrix(rows: Int, columns: Int) -> MatrixView {
        let stride = Self.spreadStride(columns: columns)
        return MatrixView(allocate(Float.self, count: rows * stride), rows: rows, columns: columns, rowStride: stride)
    }

    /// Floats from one row of a spread matrix to the next: a cache line more than its columns where these are a multiple of 512.
    ///
    /// A product reads a dozen rows side by side. 2 KiB apart they would fall on two of a cache's 64 places, which hold eight lines each.
    public static func spreadStride(columns: Int) -> Int { columns % 512 == 0 ? columns + 16 : columns }
}

extension UnsafeMutableRawPointer {
    /// For what is only measured: an address that no process has. x86-64 and ARMv8 fault on addresses whose upper bits differ.
    static var untouchable: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: 0x0070_0000_0000_0000)! }
}
