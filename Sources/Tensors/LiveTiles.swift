internal import CKernels

/// Which tiles of 64 elements at the start of an arena may have gradients other than zero: those of the table's rows that occur in a
/// window. Each rank marks its own in a map of one byte a tile; a tile is live where any map marks it, and everything behind the
/// maps is. A view of somebody else's memory.
public struct LiveTiles {
    /// Elements of a tile.
    public static let tileSize = Int(CK_LIVE_TILE)

    /// One map for each rank, from tile 0 on.
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Tiles in each map.
    public let tileCount: Int

    /// `maps` stays with the caller.
    public init(maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>, tileCount: Int) {
        self.maps = maps
        self.tileCount = tileCount
    }

    /// Tiles that lie within the first `elementCount` elements; what is left of them counts as live.
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

    /// The same for a kernel whose range begins at tile `first`.
    func withKernelView<Result>(from first: Int, _ body: (UnsafePointer<ck_live>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: maps.count) { shifted in
            for index in maps.indices { shifted[index] = maps[index]! + min(first, tileCount) }
            var live = ck_live(maps: shifted.baseAddress, count: maps.count, tiles: max(tileCount - first, 0))
            return body(&live)
        }
    }
}
