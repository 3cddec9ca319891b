internal import CKernels

/// The layout of the memory that the ranks of a node share for their windows. In every matrix a rank has `maximumSteps` rows of
/// each of its streams, side by side. The ranks follow each other.
///
/// Sizes and offsets come from the same count, so the memory can be allocated before anything is placed in it.
public struct SharedRows: Sendable {
    /// T of the longest window.
    public let maximumSteps: Int
    /// For each shard of the node its streams, counted from the first stream of the node.
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

    /// Floats from one row of a matrix to the next: whole cache lines, spread (`Workspace.spreadStride`).
    static func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: (columns + 15) / 16 * 16) }

    /// A buffer that the ranks of a node share for a window.
    public enum Part: Sendable, Equatable {
        /// The rows of each shard after equal tokens are merged.
        case mergedSegments
        /// A spread matrix with a row for each row of a window.
        case matrix(columns: Int)
        /// A matrix without gaps.
        case plainMatrix(columns: Int)
        /// Groups of columns, each without gaps.
        case groups(Int, width: Int)
        /// A left operand of products.
        case panels(columns: Int)
        /// One row a stream.
        case states(columns: Int)
    }

    /// Reserves a part, and returns its offset in floats.
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
