internal import Communication
internal import Tensors

/// The rows of the sparse tables for which a rank of the node has gradients in this step. All other rows of the slots stay zero.
///
/// Each rank zeroes the rows of its own partial gradients before it writes those of the next step. The rank that computes a sum zeroes it
/// after the step.
struct SparseRows {
    private let plan: ExchangePlan
    private let tables: [(table: SparseTable, tiles: Range<Int>)]
    private let ownMap: UnsafeMutablePointer<UInt8>
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Each sum of the node, and the elements that this rank zeroes: the sparse ones of those that it summed.
    private let sums: [(sum: UnsafeMutablePointer<Float>, elements: [Range<Int>])]
    /// The live tiles of the node. Nil if no element is sparse, and with several nodes, which send all elements.
    let live: LiveTiles?

    init(plan: ExchangePlan, base: UnsafeMutableRawPointer) {
        self.plan = plan
        let (layout, tables) = (plan.layout, plan.shape.sparseTables)
        self.tables = tables.map { ($0, LiveTiles.tiles(within: $0.elements)) }
        ownMap = (base + layout.liveMaps[plan.topology.localRank]).assumingMemoryBound(to: UInt8.self)
        maps = .allocate(capacity: layout.liveMaps.count)
        _ = maps.initialize(
            from: layout.liveMaps.map { UnsafePointer((base + $0).assumingMemoryBound(to: UInt8.self)) })
        sums = plan.outputSlots.enumerated().map { index, slot in
            let sum = (base + layout.slots[slot]).assumingMemoryBound(to: Float.self)
            let summed = index == 0 ? plan.firstSumElements : [plan.heldElements]
            let sparse = summed.flatMap { part in tables.map { $0.elements.clamped(to: part) } }
            return (sum, sparse.filter { !$0.isEmpty })
        }
        let tileCount = LiveTiles.count(within: plan.shape.sparseEnd)
        // Tiles outside the tables stay live.
        ownMap.update(repeating: 1, count: tileCount)
        live =
            tables.isEmpty || plan.worldProgram != nil
            ? nil : LiveTiles(maps: maps, tileCount: tileCount, sparse: self.tables.map(\.tiles))
    }

    /// Frees what `init` allocated.
    func deallocate() { maps.deallocate() }

    /// Marks the rows of a table for which this rank has gradients in this step.
    func mark(_ rows: UnsafeBufferPointer<Int32>, ofTable index: Int) {
        let (table, tiles) = tables[index]
        let (width, size) = (table.rowWidth, LiveTiles.tileSize)
        (ownMap + tiles.lowerBound).update(repeating: 0, count: tiles.count)
        for row in rows {
            let first = table.elements.lowerBound + Int(row) * width
            precondition(row >= 0 && first + width <= table.elements.upperBound, "row \(row) is not in the sparse table")
            for tile in (first / size..<(first + width - 1) / size + 1).clamped(to: tiles) { ownMap[tile] = 1 }
        }
    }

    /// Zeroes the sparse elements of the sums that this rank computed. Requires that no rank reads them any more.
    func clearSums() {
        for (sum, parts) in sums {
            for elements in parts {
                if let live {
                    live.forEachRun(in: elements) { clear($0, of: sum) }
                } else {
                    clear(elements, of: sum)
                }
            }
        }
    }

    private func clear(_ elements: Range<Int>, of sum: UnsafeMutablePointer<Float>) {
        (sum + elements.lowerBound).update(repeating: 0, count: elements.count)
    }
}
