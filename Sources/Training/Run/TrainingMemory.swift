package import Communication

/// The memory a run's buffers take, of all ranks together, in bytes.
package struct TrainingMemory {
    /// Activations, packed weights, scratch and moments, of all ranks.
    package let privateBytes: Int
    /// Parameters and gradients: once a node.
    package let sharedBytes: Int

    /// Adds up over the ranks. Collective. `others` are a rank's buffers besides those of `parallel`.
    package init(world: World, parallel: ParallelModel, others: Int = 0) throws {
        let all = try world.allgather(parallel.privateByteCount + others)
        privateBytes = all.reduce(0, +)
        let window = parallel.exchange.topology.localRank == 0 ? parallel.exchange.counters.memoryByteCount : 0
        sharedBytes = try world.allgather(window).reduce(0, +)
    }
}
