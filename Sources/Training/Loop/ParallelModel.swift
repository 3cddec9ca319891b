package import Communication
package import Exchange
import Layers
package import Models
package import Optimizers
package import Tasks
package import Tensors
package import TextData

/// This rank's part of the model: its streams, its partial gradients, and its part of the optimiser, with shared parameters.
package final class ParallelModel {
    package let shape: ModelShape
    package let shards: ShardLayout
    package let exchange: GradientExchange
    package let model: SequenceModel
    package let optimizer: Optimizer
    /// The streams of this rank among all streams.
    package let streams: Range<Int>
    private let rows: GradientRows
    private let parameters: ParameterSet
    let weights: PackedWeights
    /// The pieces of the parameters that this rank updates: those that it owns, without frozen ones.
    private let ownedPieces: [Range<Int>]
    /// Nil without weight dropout.
    private let weightDropout: WeightDropout?
    /// Of the last window.
    private var dropoutKey = Dropout.Key(seed: 0, step: 0, firstStream: 0)
    private let workspace = Workspace()
    private let shardSums: UnsafeMutablePointer<Double>  // [shards of this rank]

    package init(
        shape: ModelShape, shards: ShardLayout, rank: Int, exchange: GradientExchange, windowLength: Int,
        updateRule: any UpdateRule, precision: Precision = .fp32
    ) {
        self.shape = shape
        self.shards = shards
        self.exchange = exchange
        streams = shards.streams(ofRank: rank)
        let build = BuildSettings(
            training: shape, shards: shards, rank: rank, windowLength: windowLength, precision: precision,
            sharesMemory: exchange.sharedRows != nil, team: exchange.team?.ranks)
        let needs = shape.needs(build)
        let shared = SharedGradients(
            training: needs, shards: shards, rank: rank, exchange: exchange, windowLength: windowLength)
        parameters = ParameterSet(layout: needs.parameters, values: exchange.parameters) {
            needs.dividedElements.contains($0.offset) ? exchange.nodePartials : exchange.partials
        }
        weights = PackedWeights(needs.packed, values: exchange.parameters, storage: exchange.packedWeights)
        model = SequenceModel(
            shape,
            Builder(
                making: build, parameters: parameters, weights: weights, shared: shared,
                team: exchange.team.map { StepTeam($0, rank: rank, shards: shards) }))
        let own = NeighbouringShards(shards, exchange.shards)
        rows = GradientRows(
            program: own.program, streamsOfShards: own.streamsOfShards,
            maximumSteps: windowLength * needs.rowsPerPrediction,
            widestInput: needs.widestInput, precision: precision, shared: shared)
        weightDropout = WeightDropout(
            probability: shape.regularization.weightDropout, layers: shape.layers, parameters)
        ownedPieces = Self.withoutFrozen(weights.pieces(of: exchange.ownedRange), shape, needs.parameters)
        optimizer = Optimizer(rule: updateRule, count: exchange.ownedRange.count)
        shardSums = workspace.allocate(Double.self, count: exchange.shards.count)
        if let weightDropout {
            exchange.finishSums(of: weightDropout.elements) { [unowned self] elements, gradient in
                weightDropout.maskGradient(self.dropoutKey, elements: elements, gradient)
            }
        }
    }

    /// The pieces without the table of a frozen embedding.
    private static func withoutFrozen(_ pieces: [Range<Int>], _ shape: ModelShape, _ layout: ParameterLayout) -> [Range<Int>] {
        guard shape.freezesEmbeddings, let table = layout.entry(named: SequenceModel.embeddingName)?.elements else {
            return pieces
        }
        return pieces.flatMap {
            [$0.clamped(to: 0..<table.lowerBound), $0.clamped(to: table.upperBound..<Int.max)]
        }.filter { !$0.isEmpty }
    }

    /// The names, shapes and offsets of the parameters.
    package var layout: ParameterLayout { parameters.layout }

    /// The bytes of this rank's own memory: activations, scratch, moments.
    package var privateByteCount: Int {
        model.byteCount + rows.byteCount + (rows.shared?.byteCount ?? 0) + optimizer.moments.count * optimizer.count * 4
    }

    /// Forward pass, loss and backward pass over one window. The sums of the losses by shard go to the exchange, and partial
    /// gradients to their slots. Collective over the node, because its ranks compute weight gradients jointly.
    ///
    /// The gradient is that of the mean loss over the predictions of all ranks, or zero if there are none.
    package func run(_ window: WindowBuffers, _ batch: BatchWindow, dropoutKey: Dropout.Key) {
        let inputs = UnsafePointer(window.inputs.baseAddress!)
        let steps = batch.steps
        self.dropoutKey = dropoutKey
        if weightDropout != nil { packRecurrentWeights(dropoutKey) }
        if batch.beginsSequences { model.resetState() }
        model.forward(inputs, steps: steps, dropoutKey: dropoutKey)
        let losses = model.trainingLoss(
            targets: window.targets.baseAddress!, mask: window.mask.baseAddress!,
            gradientScale: batch.predictions > 0 ? Float(1 / Double(batch.predictions)) : 0, rows: rows)
        rows.shardSums(steps: steps, of: losses, into: shardSums)
        for (index, shard) in exchange.shards.enumerated() { exchange.setScalar(shard: shard, index: 0, to: shardSums[index]) }
        model.backward(inputs, rows: rows, atEpochStart: batch.beginsSequences)
        for (table, rows) in model.writtenRows.enumerated() { exchange.setRows(rows.numbers, ofTable: table) }
        model.carryState(steps: steps)
        if let shared = rows.shared {
            exchange.barrier()
            shared.finish()
        }
    }

    /// Packs the recurrent weights for a step, with the mask of weight dropout, or without one. Collective over the node.
    func packRecurrentWeights(_ key: Dropout.Key?) {
        guard let weightDropout else { return }
        weightDropout.pack(
            key, into: weights, share: (index: exchange.topology.localRank, of: exchange.topology.localCount))
        exchange.barrier()
    }

    /// Updates this rank's part of the parameters, and publishes it to all ranks.
    package func update(clip: GradientClip, rate: Double) throws {
        optimizer.beginUpdate()
        let first = exchange.ownedRange.lowerBound
        func update(_ elements: Range<Int>) {
            optimizer.update(
                (elements.lowerBound - first)..<(elements.upperBound - first), parameters: exchange.parameters + first,
                gradient: exchange.reducedGradient,
                clip: clip, rate: Float(rate))
            weights.pack(elements)
        }
        // Weights are packed directly after their update, while they are in cache.
        for piece in ownedPieces {
            if optimizer.rule.leavesZeroGradientsAlone {
                exchange.forEachLiveRun(in: piece, update)
            } else {
                update(piece)
            }
        }
        try exchange.publishParameters(received: weights.pack)
    }

    /// Exchanges the parameters and their average on all ranks, if the rule averages them. A second call restores both. Collective.
    package func exchangeAverage() throws {
        guard optimizer.rule.averaging != nil, optimizer.updateCount > 0 else { return }
        // The ranks of a node share the parameters. A slower rank may still read them for the digest of a validation.
        exchange.barrier()
        let first = exchange.ownedRange.lowerBound
        for piece in ownedPieces {
            optimizer.exchangeAverage(
                (piece.lowerBound - first)..<(piece.upperBound - first), parameters: exchange.parameters + first)
            weights.pack(piece)
        }
        try exchange.publishParameters(received: weights.pack)
    }

    /// Broadcasts rank 0's parameters to all ranks. Collective.
    package func broadcastParameters() throws {
        try exchange.broadcastParameters(changed: weights.pack)
    }

    /// A model of one stream without a backward pass, which uses the same parameters and packed weights as training.
    func scoringModel(capacity: WindowCapacity) -> SequenceModel {
        SequenceModel(
            shape,
            Builder(
                making: BuildSettings(capacity, precision: weights.precision),
                parameters: ParameterSet(layout: layout, values: exchange.parameters, gradients: []), weights: weights))
    }

    /// The sums of the magnitudes of the gradients with respect to h in the observed window, by layer, over the streams of all ranks.
    /// Collective. The losses of the window are lost.
    func totals(of gradients: HiddenGradientSums) throws -> [Double] {
        try (0..<gradients.layerCount).map { layer in
            rows.shardSums(steps: gradients.steps, of: gradients.rows(ofLayer: layer), into: shardSums)
            return try sum((0..<exchange.shards.count).map { shardSums[$0] }, flags: 0).total
        }
    }

    /// The mean loss of a text in nats, and for `countsHits` the share of hits, without dropout. Afterwards the training state is unchanged.
    ///
    /// The text is divided into batches like the training text. Sums are by shard, in tree order. Collective.
    ///
    /// A rank whose `flags` are not 0 stops before the next window, and the others at most `flagInterval` windows later. All ranks then return the
    /// flags of all ranks, and no loss. If a rank cannot read the text, throws the errors of `BatchSource.fill` on all ranks.
    package func measure(
        _ source: any BatchSource, countsHits: Bool, window: WindowBuffers, world: World, flags: () -> Int32 = { 0 }
    ) throws -> (measurement: ValidationResult?, flags: Int32) {
        let saved = HiddenStates(copying: model)
        var totals = [Double](repeating: 0, count: exchange.shards.count)
        var hits = totals
        let marks = countsHits ? HitMarks(count: window.mask.count) : nil
        var (own, all): (Int32, Int32) = (0, 0)
        var fault: TextDataError?
        for index in 0..<source.windowCount {
            own = flags()
            do throws(TextDataError) {
                if own == 0 { try window.read(index, epoch: 1, from: source) }
            } catch {
                (fault, own) = (error, StepFlags.inputFault.rawValue)
            }
            all = try flagsOfAll(own, before: index)
            if all != 0 { break }
            measure(window, source.window(index, epoch: 1), marks, losses: &totals, hits: &hits)
            Watchdog.progress()
        }
        saved.restore(to: model)
        var loss = 0.0
        if all == 0 { (loss, all) = try sum(totals, flags: 0) }
        if StepFlags(rawValue: all).contains(.inputFault) { try world.agree { if let fault { throw fault } } }
        if all != 0 { return (nil, all) }
        let count = Double(source.layout.predictionCount)
        let hitShare = countsHits ? try sum(hits, flags: 0).total / count : nil
        return (ValidationResult(loss: loss / count, hitShare: hitShare), all)
    }

    /// Adds the losses of a window by shard, and with `marks` its hits.
    private func measure(
        _ window: WindowBuffers, _ batch: BatchWindow, _ marks: HitMarks?, losses totals: inout [Double], hits: inout [Double]
    ) {
        if batch.beginsSequences { model.resetState() }
        model.forward(window.inputs.baseAddress!, steps: batch.steps)
        let losses = model.loss(targets: window.targets.baseAddress!, mask: window.mask.baseAddress!)
        addShardSums(of: losses, steps: batch.steps, to: &totals)
        if let marks {
            model.markHits(targets: window.targets.baseAddress!, mask: window.mask.baseAddress!, into: marks.rows)
            addShardSums(of: marks.rows, steps: batch.steps, to: &hits)
        }
        model.carryState(steps: batch.steps)
    }

    /// The number of windows of a validation after which ranks without teams exchange their flags.
    private static let flagInterval = 16

    /// The flags of all ranks before a window of a validation; 0 if the ranks do not exchange them before this window. If they are not 0, the
    /// validation ends on all ranks.
    ///
    /// The ranks of a team compute each time step together, so that with teams all ranks end before the same window: a rank that ended alone would
    /// leave its team in a barrier for ever. Without teams, a rank that must stop does its part of the next exchange early, and ends with it. The
    /// others do theirs after `flagInterval` windows or, in the last windows, with the sum of the losses. Every rank thus takes part in equally
    /// many exchanges, and the validation ends at the first with flags.
    private func flagsOfAll(_ own: Int32, before index: Int) throws -> Int32 {
        let isDue = exchange.shape.teams != nil || (index + 1) % Self.flagInterval == 0
        guard own != 0 || isDue else { return 0 }
        return try exchange.exchangeScalars(flags: own)
    }

    /// Adds the sums of `values`, one for each row of a window, to `totals` by shard.
    private func addShardSums(of values: UnsafePointer<Double>, steps: Int, to totals: inout [Double]) {
        rows.shardSums(steps: steps, of: values, into: shardSums)
        for leaf in totals.indices { totals[leaf] += shardSums[leaf] }
    }

    /// The sum over the shards of all ranks, in the order of the tree, and the flags of all ranks. Collective.
    private func sum(_ ofShards: [Double], flags: Int32) throws -> (total: Double, flags: Int32) {
        for (index, shard) in exchange.shards.enumerated() { exchange.setScalar(shard: shard, index: 0, to: ofShards[index]) }
        let all = try exchange.exchangeScalars(flags: flags)
        return (exchange.foldShards(index: 0), all)
    }
}

/// The marks of a window's hits, `[T*B]`.
private final class HitMarks {
    let rows: UnsafeMutablePointer<Double>
    private let workspace = Workspace()

    init(count: Int) { rows = workspace.allocate(Double.self, count: count) }
}

/// A copy of a model's hidden states.
struct HiddenStates {
    /// One array for each of the model's states, `[streams, H]`.
    private var values: [[Float]]

    init(copying model: SequenceModel) {
        values = model.states.map { Array(UnsafeBufferPointer(start: $0.matrix.pointer, count: $0.matrix.count)) }
    }

    /// Restores the copy.
    func restore(to model: SequenceModel) {
        for (state, saved) in zip(model.states, values) { state.matrix.pointer.update(from: saved, count: saved.count) }
    }
}
