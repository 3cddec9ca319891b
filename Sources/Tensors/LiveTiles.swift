internal import CKernels

/// Tiles of 64 elements at the start of an arena whose gradients may be nonzero: those of the table's rows that occur in a
/// window.
///
/// Each rank marks its tiles in a map of one byte per tile. A tile is live if any map marks it. Everything behind the maps is
/// live. This view does not own the maps.
public struct LiveTiles {
    /// Elements of a tile.
    public static let tileSize = Int(CK_LIVE_TILE)

    /// One map for each rank, starting at tile 0.
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Tiles in each map.
    public let tileCount: Int

    /// The caller owns `maps`.
    public init(maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>, tileCount: Int) {
        self.maps = maps
        self.tileCount = tileCount
    }

    /// The number of whole tiles within the first `elementCount` elements. The remaining elements count as live.
    public static func count(within elementCount: Int) -> Int { elementCount / tileSize }

    /// Whether tile `index` is live.
    public func isLive(_ index: Int) -> Bool {
        index >= tileCount || maps.contains { $0![index] != 0 }
    }

    /// Calls `body` with each run of live elements in `elements`, which begins at a tile.
    public func forEachRun(in elements: Range<Int>, _ body: (Range<Int>) -> Void) {
        let end = min(elements.upperBound, tileCount * Self.tileSize)
        var start: Int?
        for first in stride(from: elements.lowerBound, to: end, by: Self.tileSize) {
            if isLive(first / Self.tileSize) {
                if start == nil { start = first }
            } else if let run = start {
                body(run..<first)
                start = nil
            }
        }
        let rest = (start ?? max(elements.lowerBound, end))..<elements.upperBound
        if !rest.isEmpty { body(rest) }
    }

    /// Calls `body` with the kernel's view, for a range that begins at tile `first`.
    func withKernelView<Result>(from first: Int, _ body: (UnsafePointer<ck_live>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: maps.count) { shifted in
            for index in maps.indices { shifted[index] = maps[index]! + min(first, tileCount) }
            var live = ck_live(maps: shifted.baseAddress, count: maps.count, tiles: max(tileCount - first, 0))
            return body(&live)
        }
    }
}
