/// Owner of the activations, caches and scratch of one model: everything is allocated here, once, and freed together.
///
/// Memory is zeroed, and aligned to cache lines. A training step asks for nothing.
public final class Workspace {
    private var allocations: [UnsafeMutableRawPointer] = []
    /// Bytes handed out so far.
    public private(set) var byteCount = 0

    private let shared: SharedGradients?

    /// With `shared`, what other ranks read for the gradients that they make together lies in the memory that they share.
    public init(shared: SharedGradients? = nil) { self.shared = shared }

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

    /// A matrix of zeros for a left operand of many columns, `spreadStride` floats from one row to the next.
    public func spreadMatrix(rows: Int, columns: Int) -> MatrixView {
        let stride = Self.spreadStride(columns: columns)
        return MatrixView(allocate(Float.self, count: rows * stride), rows: rows, columns: columns, rowStride: stride)
    }

    /// A spread matrix with a row for each of a window, for the `dY` of weight gradients.
    public func gradientMatrix(rows: Int, columns: Int) -> MatrixView {
        shared?.matrix(columns: columns).prefix(rows: rows) ?? spreadMatrix(rows: rows, columns: columns)
    }

    /// A matrix without gaps with a row for each of a window, for the merged rows of weight gradients.
    public func mergedMatrix(rows: Int, columns: Int) -> MatrixView {
        shared?.plainMatrix(columns: columns).prefix(rows: rows) ?? matrix(rows: rows, columns: columns)
    }

    /// Groups of columns for the `dY` of a weight gradient; nil where none are shared.
    func gradientGroups(_ count: Int, width: Int) -> SharedGradients.Groups? { shared?.groups(count, width: width) }

    /// Floats from one row of a spread matrix to the next: a cache line more than its columns where these are a multiple of 512.
    ///
    /// A product reads a dozen rows side by side. 2 KiB apart they would fall on two of a cache's 64 places, which hold eight lines each.
    public static func spreadStride(columns: Int) -> Int { columns % 512 == 0 ? columns + 16 : columns }
}
