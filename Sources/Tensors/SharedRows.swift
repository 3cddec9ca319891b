internal import CKernels

/// Where the windows of a node's ranks lie in the memory that they share. For every matrix a rank has `maximumSteps` rows of each of its
/// streams, side by side, and ranks follow each other.
///
/// Sizes and places come from one count, so that memory can be asked for before anything is placed in it.
public struct SharedRows: Sendable {
    /// T of the longest window.
    public let maximumSteps: Int
    /// Streams of each shard of the node, counted from its first stream.
    public let streamsOfShards: [Range<Int>]
    let kernels: GradientKernels
    /// Floats placed so far.
    public private(set) var count = 0

    public init(maximumSteps: Int, streamsOfShards: [Range<Int>], precision: Precision) {
        self.maximumSteps = maximumSteps
        self.streamsOfShards = streamsOfShards
        kernels = GradientKernels(precision: precision)
    }

    /// Streams of the node.
    public var streams: Int { streamsOfShards.last?.upperBound ?? 0 }
    /// Rows of the longest window of all ranks.
    var rows: Int { maximumSteps * streams }

    /// Floats from one row of a matrix to the next: whole cache lines, spread.
    static func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: (columns + 15) / 16 * 16) }

    /// Each of these places something, and says at which float.
    @discardableResult public mutating func matrix(columns: Int) -> Int { place(rows * Self.stride(columns)) }

    /// A matrix without gaps.
    @discardableResult public mutating func plainMatrix(columns: Int) -> Int { place(rows * columns) }

    /// Groups of columns, each without gaps.
    @discardableResult public mutating func groups(_ groupCount: Int, width: Int) -> Int { place(groupCount * rows * width) }

    /// A left side of products.
    @discardableResult public mutating func panels(columns: Int) -> Int {
        place(kernels.panelCount(rows: rows, leaves: streamsOfShards.count, columns: columns))
    }

    /// One row a stream.
    @discardableResult public mutating func states(columns: Int) -> Int { place(streams * columns) }

    /// The rows of each shard that are left where tokens are merged.
    @discardableResult public mutating func mergedSegments() -> Int {
        place(streamsOfShards.count * MemoryLayout<ck_segment>.stride / MemoryLayout<Float>.stride)
    }

    private mutating func place(_ floats: Int) -> Int {
        defer { count += (floats + 15) / 16 * 16 }
        return count
    }
}
