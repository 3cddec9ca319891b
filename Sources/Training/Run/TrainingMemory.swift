package import Communication

/// The memory of a run's buffers, over all ranks, in bytes.
package struct TrainingMemory {
    /// Activations, packed weights, scratch and moments, of all ranks.
    package let privateBytes: Int
    /// Parameters and gradients, once per node.
    package let sharedBytes: Int

    /// Adds the values of all ranks. Collective. `others` are a rank's buffers besides those of `parallel`.
    package init(world: World, parallel: ParallelModel, others: Int = 0) throws {
        let all = try world.allgather(parallel.privateByteCount + others)
        privateBytes = all.reduce(0, +)
        let window = parallel.exchange.topology.localRank == 0 ? parallel.exchange.counters.memoryByteCount : 0
        sharedBytes = try world.allgather(window).reduce(0, +)
    }
}
