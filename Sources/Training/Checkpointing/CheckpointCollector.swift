import Checkpoints
import Communication
import Digests
import Foundation
import Runs
import Tensors

/// Assembles a run's checkpoint on rank 0: parameters, moments, hidden states by stream, and all other state as text.
final class CheckpointCollector {
    private let world: World
    let parallel: ParallelModel
    /// Texts that do not change during a run. On rank 0.
    private let fixedMetadata: [String: String]
    private let workspace = Workspace()
    /// On rank 0, all elements of each moment, `[P]`, allocated at the first checkpoint.
    private var wholeMoments: [MemoryBlock] = []
    /// Whether rank 0 has the memory of the moments.
    private var hasRoom = false
    /// On rank 0, the hidden states of all streams.
    private var wholeStates: [[Float]] = []

    init(world: World, parallel: ParallelModel, preparation: RunPreparation?) throws {
        self.world = world
        self.parallel = parallel
        guard let preparation else {
            fixedMetadata = [:]
            return
        }
        fixedMetadata = [
            "format": "rnntrain", "configuration": try CheckpointText.json(preparation.plan.configuration),
            "texts": try CheckpointText.json(preparation.textDigests), "vocabulary": preparation.vocabulary.jsonText(),
            RunIdentity.metadataKey: preparation.identity.text,
        ]
    }

    /// Gathers the checkpoint after `state.step` steps. Collective; nil on ranks other than 0.
    ///
    /// The arrays are valid until the next call or step: copy or write them before. Throws on all ranks if there is no memory for them.
    func collect(_ state: TrainingState) throws -> Checkpoint? {
        try gatherMoments()
        wholeStates = try parallel.model.states.map {
            try world.gather(Array(UnsafeBufferPointer(start: $0.matrix.pointer, count: $0.matrix.count)))
        }
        guard world.isRoot else { return nil }
        var metadata = fixedMetadata
        metadata["state"] = try CheckpointText.json(state)
        metadata[SafetensorsReader.digestKey] = parallel.parametersDigest.hexadecimal
        return Checkpoint(arrays: parameterArrays + momentArrays + stateArrays, metadata: metadata)
    }

    private func gatherMoments() throws {
        if !hasRoom { try makeRoom() }
        for (index, moment) in parallel.optimizer.moments.enumerated() {
            try parallel.exchange.gatherOwned(
                from: moment, intoRoot: world.isRoot ? wholeMoments[index].floats.baseAddress : nil)
        }
    }

    private func makeRoom() throws {
        let count = parallel.exchange.shape.elementCount
        _ = try world.agreeOnRoot {
            wholeMoments = try parallel.optimizer.moments.map { _ in
                try MemoryBlock(floatCount: count, for: "the optimizer state of a checkpoint")
            }
        }
        hasRoom = true
    }

    private var parameterArrays: [NamedArray] { arrays("", parallel.exchange.parameters) }

    private var momentArrays: [NamedArray] {
        zip(parallel.optimizer.rule.moments, wholeMoments).flatMap {
            arrays(CheckpointNames.momentPrefix($0), $1.floats.baseAddress!)
        }
    }

    private func arrays(_ prefix: String, _ values: UnsafePointer<Float>) -> [NamedArray] {
        parallel.layout.entries.map { entry in
            NamedArray(
                name: prefix + entry.name, shape: entry.shape,
                elements: UnsafeBufferPointer(start: values + entry.offset, count: entry.count))
        }
    }

    private var stateArrays: [NamedArray] {
        zip(parallel.model.states, wholeStates).map { state, values in
            NamedArray(
                name: CheckpointNames.state(state.name), shape: [parallel.shards.streamCount, state.matrix.columns],
                elements: workspaceCopy(of: values, name: state.name))
        }
    }

    /// A buffer for each state, reused at the next checkpoint, because the storage of an array may move.
    private var stateRooms: [String: UnsafeMutablePointer<Float>] = [:]

    private func workspaceCopy(of values: [Float], name: String) -> UnsafeBufferPointer<Float> {
        let room = stateRooms[name] ?? workspace.allocate(Float.self, count: values.count)
        stateRooms[name] = room
        room.update(from: values, count: values.count)
        return UnsafeBufferPointer(start: room, count: values.count)
    }
}

extension ParallelModel {
    /// The digest of this node's parameters.
    var parametersDigest: UInt64 { ParametersDigest.of(exchange.parameters, layout: layout) }

    /// Distributes parameters, moments and hidden states of rank 0's checkpoint. Collective; only rank 0 passes a `checkpoint`.
    func restore(from checkpoint: StoredCheckpoint?, world: World) throws {
        _ = try world.agreeOnRoot {
            try Watchdog.waitingForDisk { try checkpoint?.copyParameters(to: exchange.parameters, layout: layout) }
        }
        try broadcastParameters()
        let count = exchange.shape.elementCount
        let room: MemoryBlock?? = try world.agreeOnRoot {
            try optimizer.moments.isEmpty ? nil : MemoryBlock(floatCount: count, for: "the optimizer state of a checkpoint")
        }
        let whole = (room ?? nil)?.floats.baseAddress
        defer { withExtendedLifetime(room) {} }
        for (name, moment) in zip(optimizer.rule.moments, optimizer.moments) {
            _ = try world.agreeOnRoot {
                try Watchdog.waitingForDisk { try checkpoint?.copyMoment(name, to: whole!, layout: layout) }
            }
            try exchange.scatterOwned(fromRoot: whole.map { UnsafePointer($0) }, into: moment)
        }
        for (name, matrix) in model.states {
            let all = try world.agreeOnRoot {
                try checkpoint?.hiddenState(name, streams: shards.streamCount, columns: matrix.columns) ?? []
            }
            let values = try world.broadcast(all ?? [])
            let first = streams.lowerBound * matrix.columns
            for i in 0..<matrix.count { matrix.pointer[i] = values[first + i] }
        }
        watchOverParameters()
    }
}
