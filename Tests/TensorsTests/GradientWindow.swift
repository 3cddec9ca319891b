import Tensors
import TestSupport

/// A window of all ranks with uneven shards, and the gradients that a rank computes for its own shards.
struct GradientWindow {
    let steps: Int
    let streamsOfShards: [Range<Int>]
    let dY: MatrixView  // [T*B, n]
    let x: MatrixView  // [T*B, k]
    let tokens: [Int32]  // [T*B]
    let tokenRows: MatrixView  // [T*B, k]: the gradients of the embedded rows
    let workspace = Workspace()

    /// The window has few distinct tokens, so that they recur within shards and across shards; some never occur.
    init(steps: Int, shardSizes: [Int], n: Int, k: Int, seed: UInt64) {
        var random = SeededRandom(state: seed)
        self.steps = steps
        streamsOfShards = shardSizes.indices.map { shardSizes[..<$0].reduce(0, +)..<shardSizes[...$0].reduce(0, +) }
        let rows = steps * shardSizes.reduce(0, +)
        dY = workspace.random(rows: rows, columns: n, gap: 3, from: &random)
        x = workspace.random(rows: rows, columns: k, gap: 2, from: &random)
        tokenRows = workspace.random(rows: rows, columns: k, gap: 1, from: &random)
        tokens = (0..<rows).map { _ in Int32.random(in: 0..<Int32(max(1, n - n / 4)), using: &random) }
    }

    var streams: Int { streamsOfShards.last?.upperBound ?? 0 }
    var tree: ShardTree { ShardTree(shardCount: streamsOfShards.count) }

    /// Rows of the window in the order in which a shard adds them.
    func rows(ofShard shard: Int) -> [Int] {
        (0..<steps).flatMap { t in streamsOfShards[shard].map { t * streams + $0 } }
    }
}

/// The kinds of gradients.
enum GradientKind: CaseIterable {
    case weight, weightOfTwo, weightInBlocks, tiedWeight, embedding, bias, biasOfTwo, biasInBlocks

    /// A bias gradient alone, and one computed together with weight gradients.
    var isBias: Bool { [.bias, .biasOfTwo, .biasInBlocks].contains(self) }

    func columns(_ window: GradientWindow) -> Int { isBias ? window.dY.columns : window.x.columns }
    func rows(_ window: GradientWindow) -> Int { isBias ? 1 : window.dY.columns }
}

extension GradientWindow {
    /// The partial gradients of a rank that owns `shards`, one for each node of its cover, at the current level. With `block`,
    /// computes that many rows of a weight at a time.
    func partials(
        _ kind: GradientKind, ofShards shards: Range<Int>, precision: Precision = .fp32, block: Int? = nil
    ) -> [[Float]] {
        let program = TreeProgram(tree: tree, ownShards: shards)
        let first = streamsOfShards[shards.lowerBound].lowerBound
        let own = first..<streamsOfShards[shards.upperBound - 1].upperBound
        let local = shards.map { (streamsOfShards[$0].lowerBound - first)..<(streamsOfShards[$0].upperBound - first) }
        let rows = GradientRows(
            program: program, streamsOfShards: local, maximumSteps: steps, widestInput: x.columns, precision: precision)
        var layout = ParameterLayout()
        layout.append("parameter", shape: [kind.rows(self), kind.columns(self)])
        layout.append("other", shape: [kind.rows(self), kind.columns(self)])
        layout.append("bias", shape: [dY.columns])
        layout.append("weight", shape: [dY.columns, x.columns])
        layout.append("other weight", shape: [dY.columns, x.columns])
        let places = program.outputs.map { _ in
            workspace.withGaps(rows: 1, columns: layout.elementCount, gap: 0).pointer
        }
        let set = ParameterSet(layout: layout, values: places[0], gradients: places)
        withExtendedLifetime(set) { find(kind, set, rows, streams: own, block: block ?? max(dY.columns / 2, 1)) }
        let count = kind.rows(self) * kind.columns(self)
        return places.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }

    private func find(_ kind: GradientKind, _ set: ParameterSet, _ rows: GradientRows, streams own: Range<Int>, block: Int) {
        let parameter = set.parameter("parameter")
        let (dY, x) = (local(dY, own), local(x, own))
        let occurrences = TokenOccurrences(vocabularySize: self.dY.columns, maximumRows: x.rows, workspace: workspace)
        let ownTokens = (0..<steps).flatMap { t in own.map { tokens[t * streams + $0] } }
        rows.sort(ownTokens, steps: steps, dX: local(tokenRows, own), into: occurrences)
        switch kind {
        case .weight: rows.weightGradient(parameter, steps: steps, dY: dY, x: x)
        case .weightInBlocks, .tiedWeight:
            // Computes parts of the rows, as in the output layer.
            let packed = rows.pack(x, steps: steps)
            for first in stride(from: 0, to: dY.columns, by: block) {
                let part = dY.slice(columns: first..<min(first + block, dY.columns))
                rows.partialGradient(
                    parameter, firstRow: first, steps: steps, dY: part, x: packed, tied: kind == .tiedWeight ? occurrences : nil)
            }
        case .weightOfTwo:
            rows.weightGradients(
                (set.parameter("other"), x), (parameter, x), bias: set.parameter("bias"), steps: steps, dY: dY)
        case .biasOfTwo:
            let weights = (set.parameter("weight"), set.parameter("other weight"))
            rows.weightGradients((weights.0, x), (weights.1, x), bias: parameter, steps: steps, dY: dY)
        case .biasInBlocks:
            let packed = rows.pack(x, steps: steps)
            for first in stride(from: 0, to: dY.columns, by: block) {
                let part = dY.slice(columns: first..<min(first + block, dY.columns))
                rows.partialGradient(
                    set.parameter("weight"), bias: parameter, firstRow: first, steps: steps, dY: part, x: packed)
            }
        case .embedding:
            for row in 0..<parameter.rows { parameter.clearGradients(row: row) }
            rows.embeddingGradient(parameter, steps: steps, occurrences: occurrences)
        case .bias: rows.biasGradient(parameter, steps: steps, dY: dY)
        }
    }

    /// The rows of some streams, with other padding.
    private func local(_ matrix: MatrixView, _ own: Range<Int>) -> MatrixView {
        let result = workspace.withGaps(rows: steps * own.count, columns: matrix.columns, gap: 5)
        result.fill((0..<steps).flatMap { t in own.flatMap { b in (0..<matrix.columns).map { matrix[t * streams + b, $0] } } })
        return result
    }

    /// The sum of one shard by its definition: a chain over its rows, then over the rows that contain the token.
    func leafSum(_ kind: GradientKind, shard: Int, row: Int, column: Int) -> Float {
        var sum: Float = 0
        for r in rows(ofShard: shard) {
            switch kind {
            case .weight, .weightOfTwo, .weightInBlocks, .tiedWeight: sum = sum.addingProduct(dY[r, row], x[r, column])
            case .bias, .biasOfTwo, .biasInBlocks: sum += dY[r, column]
            case .embedding: if tokens[r] == row { sum += tokenRows[r, column] }
            }
        }
        for r in rows(ofShard: shard) where kind == .tiedWeight && tokens[r] == row { sum += tokenRows[r, column] }
        return sum
    }

    /// The terms of the sum over all shards, in Double.
    func terms(_ kind: GradientKind, row: Int, column: Int) -> [Double] {
        tokens.indices.flatMap { r -> [Double] in
            let product = Double(dY[r, row]) * Double(x[r, column % x.columns])
            let occurrence = tokens[r] == row ? [Double(tokenRows[r, column % x.columns])] : []
            switch kind {
            case .weight, .weightOfTwo, .weightInBlocks: return [product]
            case .tiedWeight: return [product] + occurrence
            case .embedding: return occurrence
            case .bias, .biasOfTwo, .biasInBlocks: return [Double(dY[r, column])]
            }
        }
    }
}
