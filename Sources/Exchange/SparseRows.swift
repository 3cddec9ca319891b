internal import Communication
internal import Tensors

/// The rows of the sparse table that this step has gradients for, as every rank of the node tells them, and what keeps the others zero.
///
/// Each rank zeroes what it wrote into its own partial sums before it writes the next; whoever adds up zeroes what it put in their
/// place. So all that is not live is zero at every reduction.
struct SparseRows {
    private let plan: ExchangePlan
    private let ownMap: UnsafeMutablePointer<UInt8>
    private let maps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
    /// Each sum of the node's cover, and the elements of it that this rank zeroes: those of which it made the sum.
    private let sums: [(sum: UnsafeMutablePointer<Float>, elements: [Range<Int>])]
    /// The live tiles of the node; nil where nothing is sparse, or where gradients come from other nodes, which send all they have.
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

    /// Marks the rows of this rank's step.
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

    /// Zeroes the sums that this rank made, which nobody reads any more.
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
