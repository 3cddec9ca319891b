/// Owner of the activations, caches and scratch of one model: everything is allocated here, once, and freed together.
///
/// Memory is zeroed, and aligned to cache lines. A training step asks for nothing.
public final class Workspace {
    private var allocations: [UnsafeMutableRawPointer] = []
    /// Bytes handed out so far.
    public private(set) var byteCount = 0

    public init() {}

    deinit { allocations.forEach { $0.deallocate() } }

    /// `count` zeros of a trivial type.
    public func allocate<Element: BitwiseCopyable>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        // Room for one vector behind the end keeps empty and odd sizes simple.
        let bytes = (count * MemoryLayout<Element>.stride + 127) / 64 * 64
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        allocations.append(raw)
        byteCount += bytes
        return raw.bindMemory(to: type, capacity: count)
    }

    /// A matrix of zeros without gaps.
    public func matrix(rows: Int, columns: Int) -> MatrixView {
        MatrixView(allocate(Float.self, count: rows * columns), rows: rows, columns: columns)
    }
}
