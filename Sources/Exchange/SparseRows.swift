internal import Communication
internal import Tensors

/// The rows of the sparse table for which a rank of the node has gradients in this step. All other rows of the slots stay zero.
///
/// Each rank zeroes the rows of its own partial gradients before it writes those of the next step. The rank that computes a sum zeroes it
/// after the step.
struct SparseRows {
    private let plan: ExchangePlan
    private let ownMap: UnsafeMutablePointer<UInt8>
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Each sum of the node, and the elements that this rank zeroes: those that it summed.
    private let sums: [(sum: UnsafeMutablePointer<Float>, elements: [Range<Int>])]
    /// The live tiles of the node. Nil if no element is sparse, and with several nodes, which send all elements.
    let live: LiveTiles?

    init(plan: ExchangePlan, base: UnsafeMutableRawPointer) {
        self.plan = plan
        let layout = plan.layout
        ownMap = (base + layout.liveMaps[plan.topology.localRank]).assumingMemoryBound(to: UInt8.self)
        maps = .allocate(capacity: layout.liveMaps.count)
        _ = maps.initialize(
            from: layout.liveMaps.map { UnsafePointer((base + $0).assumingMemoryBound(to: UInt8.self)) })
        sums = plan.outputSlots.enumerated().map { index, slot in
            let sum = (base + layout.slots[slot]).assumingMemoryBound(to: Float.self)
            return (sum, index == 0 ? plan.firstSumElements : [plan.heldElements])
        }
        let tiles = LiveTiles(maps: maps, tileCount: LiveTiles.count(within: plan.shape.sparseCount))
        live = plan.shape.sparseCount > 0 && plan.worldProgram == nil ? tiles : nil
    }

    /// Frees what `init` allocated.
    func deallocate() { maps.deallocate() }

    /// Marks the rows for which this rank has gradients in this step.
    func mark(_ rows: UnsafeBufferPointer<Int32>, width: Int) {
        let tileCount = LiveTiles.count(within: plan.shape.sparseCount)
        ownMap.update(repeating: 0, count: tileCount)
        for row in rows {
            let first = Int(row) * width
            precondition(first + width <= plan.shape.sparseCount, "row \(row) is not in the sparse table")
            let end = min((first + width - 1) / LiveTiles.tileSize + 1, tileCount)
            for tile in min(first / LiveTiles.tileSize, end)..<end { ownMap[tile] = 1 }
        }
    }

    /// Zeroes the sums that this rank computed. Requires that no rank reads them any more.
    func clearSums() {
        for (sum, parts) in sums {
            for part in parts {
                let elements = part.clamped(to: 0..<plan.shape.sparseCount)
                guard !elements.isEmpty else { continue }
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
