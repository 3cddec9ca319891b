package import Configuration
package import Exchange
import Layers
import Models
import Tensors
import TextData

/// The memory that a run needs, computed from its configuration, in bytes.
package struct MemoryNeeds: Sendable {
    /// The private memory of each rank: activations, scratch, moments and windows; on rank 0 also the checkpoint that is being
    /// written.
    package let privateBytes: [Int]
    /// The part of rank 0's memory that is for checkpoints.
    package let checkpointBytes: Int
    /// What rank 0 needs for a short time while it reads a checkpoint, which it does for the final test and to return to a checkpoint: one
    /// moment, or one array. It is compared with the limits of the process only.
    let readingBytes: Int
    package let exchange: ExchangeForecast

    /// - Parameters:
    ///   - configuration: with its number of shards.
    ///   - hosts: the ranks of each host.
    package init(
        _ configuration: TrainingConfiguration, vocabularySize: Int, hosts: [Range<Int>], transport: ExchangeTransport
    ) throws {
        let shape = configuration.modelShape(vocabularySize: vocabularySize)
        let rankCount = hosts.last?.upperBound ?? 1
        let shards = try ShardLayout(
            streamCount: configuration.batchSize, shardCount: configuration.shards ?? 1, rankCount: rankCount)
        let exchanged = ExchangeShape(
            training: shape, shards: shards, windowLength: configuration.mostSteps, precision: configuration.precision,
            teams: configuration.teams)
        let exchange = ExchangeForecast(
            shape: exchanged, hosts: hosts, transport: transport,
            nodeSize: configuration.nodeSize > 0 ? configuration.nodeSize : nil)
        // Cores are not considered: if ranks share cores unevenly, there are no teams, and less memory is used.
        let teams = exchange.nodes.flatMap { exchanged.teams?.teams(of: $0) ?? [] }
        let moments = configuration.updateRule.moments.count
        // Rank 0 gathers the moments of all ranks, and the writer copies everything.
        let checkpoint = (2 * moments + 1) * shape.parameterLayout.elementCount * 4
        checkpointBytes = checkpoint
        readingBytes = shape.parameterLayout.elementCount * 4
        privateBytes = (0..<rankCount).map { rank in
            Self.rankBytes(
                configuration, shape: shape, shards: shards, rank: rank, node: exchange.nodes.first { $0.contains(rank) }!,
                team: teams.first { $0.contains(rank) })
                + moments * exchange.ownedCounts[rank] * 4 + exchange.receiveByteCounts[rank] + (rank == 0 ? checkpoint : 0)
        }
        self.exchange = exchange
    }

    /// The buffers of a rank, except moments and the exchange.
    private static func rankBytes(
        _ configuration: TrainingConfiguration, shape: ModelShape, shards: ShardLayout, rank: Int, node: Range<Int>,
        team: Range<Int>?
    ) -> Int {
        let needs = shape.needs(
            BuildSettings(
                training: shape, shards: shards, rank: rank, windowLength: configuration.mostSteps,
                precision: configuration.precision, sharesMemory: node.count > 1, team: team))
        let rows = configuration.mostSteps * shards.streams(ofRank: rank).count
        let scratch = GradientRows.byteCount(
            maximumRows: rows * needs.rowsPerPrediction, leaves: shards.shards(ofRank: rank).count,
            widestInput: needs.widestInput, precision: needs.precision)
        let window = 3 * rows * 4
        let test = configuration.hasTest ? TestScoring.byteCount(shape, precision: needs.precision) : 0
        let samples =
            configuration.sampleEvery > 0 && rank == 0 ? TextSampling.byteCount(shape, precision: needs.precision) : 0
        let tracked = configuration.trackGradients > 0 ? configuration.layers * rows * 8 : 0
        let total = needs.byteCount + scratch + window + test + samples + tracked
        guard node.count > 1 else { return total }
        let shared = SharedRows(
            maximumSteps: configuration.mostSteps,
            streamsOfShards: NeighbouringShards(shards, ofRanks: node).streamsOfShards, precision: needs.precision)
        return total + SharedGradients.byteCount(shared, widestInput: needs.widestInput)
    }

    /// The memory of all ranks of a host: shared memory once, and each rank's own memory.
    package func bytes(ofHost ranks: Range<Int>) -> Int { sharedBytes(ofHost: ranks) + privateBytes[ranks].reduce(0, +) }

    /// The shared memory of the nodes of a host.
    package func sharedBytes(ofHost ranks: Range<Int>) -> Int {
        zip(exchange.nodes, exchange.nodeByteCounts).reduce(0) { $0 + (ranks.contains($1.0.lowerBound) ? $1.1 : 0) }
    }
}

extension MemoryNeeds {
    /// A lower bound of the bytes that a host needs: parameters, one gradient, and the rows of its part of the streams.
    ///
    /// It is computed in floating point, so that no size that a user can give overflows. If it is acceptable, exact sizes do not
    /// overflow.
    package static func least(
        _ configuration: TrainingConfiguration, vocabularySize: Int, shareOfRanks share: Double
    ) -> Double {
        let shape = configuration.modelShape(vocabularySize: vocabularySize)
        func bytes(ofSteps steps: Int) -> Double {
            let capacity = WindowCapacity(steps: steps, streams: 1, training: true, mostLogitBytes: 0)
            return Double(shape.needs(BuildSettings(capacity, precision: configuration.precision)).byteCount)
        }
        let bytesPerRow = (bytes(ofSteps: 2048) - bytes(ofSteps: 1024)) / 1024
        let rows = Double(configuration.batchSize) * Double(configuration.mostSteps)
        return 8 * Double(shape.parameterLayout.parameterCount) + share * rows * bytesPerRow
    }
}
