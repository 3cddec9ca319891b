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

    /// What a model's ranks share of a window.
    public enum Part: Sendable, Equatable {
        /// The rows of each shard that are left where tokens are merged.
        case mergedSegments
        /// A spread matrix with a row for each of a window.
        case matrix(columns: Int)
        /// A matrix without gaps.
        case plainMatrix(columns: Int)
        /// Groups of columns, each without gaps.
        case groups(Int, width: Int)
        /// A left side of products.
        case panels(columns: Int)
        /// One row a stream.
        case states(columns: Int)
    }

    /// Places something, and says at which float.
    @discardableResult public mutating func place(_ part: Part) -> Int {
        switch part {
        case .mergedSegments: reserve(streamsOfShards.count * MemoryLayout<ck_segment>.stride / MemoryLayout<Float>.stride)
        case .matrix(let columns): reserve(rows * Self.stride(columns))
        case .plainMatrix(let columns): reserve(rows * columns)
        case .groups(let count, let width): reserve(count * rows * width)
        case .panels(let columns): reserve(kernels.panelCount(rows: rows, leaves: streamsOfShards.count, columns: columns))
        case .states(let columns): reserve(streams * columns)
        }
    }

    private mutating func reserve(_ floats: Int) -> Int {
        defer { count += (floats + 15) / 16 * 16 }
        return count
    }
}
