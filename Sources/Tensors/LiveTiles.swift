internal import CKernels

/// The tiles of 64 elements of an arena whose gradients may be nonzero: all but those of the rows of sparse tables that do not occur in
/// a window.
///
/// Each rank marks its tiles in a map of one byte per tile. A tile is live if any map marks it. Tiles that are not wholly in a sparse table
/// are always marked, and everything behind the maps is live. This view does not own the maps.
public struct LiveTiles {
    /// Elements of a tile.
    public static let tileSize = Int(CK_LIVE_TILE)

    /// One map for each rank, starting at tile 0.
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Tiles in each map.
    private let tileCount: Int
    /// The tiles of each sparse table, in the order of the arena.
    private let sparse: [Range<Int>]

    /// The caller owns `maps`.
    public init(maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>, tileCount: Int, sparse: [Range<Int>]) {
        self.maps = maps
        self.tileCount = tileCount
        self.sparse = sparse
    }

    /// The number of whole tiles within the first `elementCount` elements. The remaining elements count as live.
    public static func count(within elementCount: Int) -> Int { elementCount / tileSize }

    /// The tiles that are wholly within `elements`.
    public static func tiles(within elements: Range<Int>) -> Range<Int> {
        let first = (elements.lowerBound + tileSize - 1) / tileSize
        return first..<max(elements.upperBound / tileSize, first)
    }

    /// Calls `body` with each run of live elements in `elements`, in their order.
    public func forEachRun(in elements: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = elements.lowerBound  // of the current run
        for tiles in sparse {
            let part = (tiles.lowerBound * Self.tileSize..<tiles.upperBound * Self.tileSize).clamped(to: elements)
            var at = part.lowerBound
            while at < part.upperBound {
                let tile = at / Self.tileSize
                let end = min((tile + 1) * Self.tileSize, part.upperBound)
                if !isMarked(tile) {
                    if start < at { body(start..<at) }
                    start = end
                }
                at = end
            }
        }
        if start < elements.upperBound { body(start..<elements.upperBound) }
    }

    private func isMarked(_ tile: Int) -> Bool { maps.contains { $0![tile] != 0 } }

    /// Calls `body` with the kernel's view, for a range that begins at tile `first`.
    func withKernelView<Result>(from first: Int, _ body: (UnsafePointer<ck_live>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: maps.count) { shifted in
            for index in maps.indices { shifted[index] = maps[index]! + min(first, tileCount) }
            var live = ck_live(maps: shifted.baseAddress, count: maps.count, tiles: max(tileCount - first, 0))
            return body(&live)
        }
    }
}
