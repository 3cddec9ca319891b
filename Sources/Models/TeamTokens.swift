import Layers
import Tensors

/// The tokens of all streams of a team, which each of its ranks merges for the gradient of the lowest layer's input weights.
struct TeamTokens {
    private let team: StepTeam
    private let rows: GradientRows
    private let tokens: UnsafeMutablePointer<Int32>  // [T, B']
    private let embedding: Embedding
    private let dGates: MatrixView  // [T*B', G*U]

    /// `table` is `encoder.weight`. The team has rows for gradients.
    init(_ team: StepTeam, shape: ModelShape, table: Parameter, steps: Int, workspace: Workspace) {
        let division = team.division
        self.team = team
        rows = team.rows!
        tokens = team.takeTokens(count: steps * division.streams)
        embedding = Embedding(
            weight: table, capacity: WindowCapacity(steps: steps, streams: division.streams, training: false),
            workspace: workspace)
        dGates = workspace.spreadMatrix(
            rows: steps * division.streams, columns: shape.cell.gateCount * division.units(of: shape.hiddenSize).count)
    }

    /// Gives the tokens of this rank's streams to all, before the steps of the forward pass. Shape: `[steps, streams]`.
    func give(_ own: UnsafePointer<Int32>, steps: Int) {
        let (all, streams) = (team.division.streams, team.division.ownStreams)
        for t in 0..<steps {
            (tokens + t * all + streams.lowerBound).update(from: own + t * streams.count, count: streams.count)
        }
    }

    /// The window's distinct rows, shard by shard of the team.
    func mergedRows(steps: Int) -> MergedRows { embedding.mergedRows(tokens, steps: steps, rows: rows, dGates: dGates) }
}
