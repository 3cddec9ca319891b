internal import CKernels

/// Which rows of a window belong to which shard, and the tree in which the shards' gradients are added.
///
/// Row `t*streams + b` of a window holds stream `b` of this rank at time `t`. The gradient of a parameter is, for each shard, the
/// sum over its rows in the order (t, b). Shards are added in the order of the `TreeProgram`, with one output for each subtree
/// that the rank publishes. All additions happen inside the register tile, without a pass or a buffer for each shard.
public final class GradientRows {
    /// Streams of this rank; for `merged` rows, the distinct tokens of its shards.
    public private(set) var streams: Int
    private let program: TreeProgram
    private let segments: UnsafeMutablePointer<ck_segment>
    private let workspace: Workspace
    private let strips: UnsafeMutablePointer<Float>
    private let panels: [UnsafeMutablePointer<Float>]  // of the two inputs that a gradient has at most
    private let kernels: GradientKernels
    /// The joint gradients of the node's ranks, if they share gradients.
    public let shared: SharedGradients?
    private let areMerged: Bool
    /// The result of `merged`: the same shards, with other rows.
    private lazy var byToken = GradientRows(sharing: self)

    /// - Parameters:
    ///   - program: from the rank's shards, one leaf each, to the subtrees that the rank publishes.
    ///   - streamsOfShards: for each leaf its streams, counted from the rank's first stream.
    ///   - maximumSteps: the longest window.
    ///   - widestInput: the largest number of columns of a weight.
    ///   - shared: the same shards among those of all ranks of the node. With it, gradients of weights and states are complete
    ///     after `SharedGradients.finish`, except those of `partialGradient`.
    public init(
        program: TreeProgram, streamsOfShards: [Range<Int>], maximumSteps: Int, widestInput: Int, precision: Precision = .fp32,
        shared: SharedGradients? = nil
    ) {
        precondition(streamsOfShards.count == program.leaves.count, "one range of streams for each leaf")
        self.program = program
        self.shared = shared
        areMerged = false
        workspace = Workspace()
        let streams = streamsOfShards.last?.upperBound ?? 0
        self.streams = streams
        segments = workspace.allocate(ck_segment.self, count: streamsOfShards.count)
        for (leaf, range) in streamsOfShards.enumerated() {
            segments[leaf] = ck_segment(first: Int32(range.lowerBound), count: Int32(range.count), stride: Int32(streams))
        }
        kernels = GradientKernels(precision: precision)
        let counts = Self.scratchCounts(
            kernels, maximumRows: maximumSteps * streams, leaves: streamsOfShards.count, widestInput: widestInput)
        strips = workspace.allocate(Float.self, count: counts.strips)
        let workspace = workspace
        panels = (0..<2).map { _ in workspace.allocate(Float.self, count: counts.panel) }
    }

    /// The same shards and scratch, with other segments.
    private init(sharing other: GradientRows) {
        (program, workspace, kernels, strips, panels, shared) = (
            other.program, other.workspace, other.kernels, other.strips, other.panels, other.shared
        )
        areMerged = true
        streams = 0
        segments = workspace.allocate(ck_segment.self, count: program.leaves.count)
    }

    /// Floats of the strips and of one of the two panels.
    private static func scratchCounts(
        _ kernels: GradientKernels, maximumRows: Int, leaves: Int, widestInput: Int
    ) -> (strips: Int, panel: Int) {
        (
            kernels.scratchCount(rows: maximumRows, leaves: leaves),
            kernels.panelCount(rows: maximumRows, leaves: leaves, columns: widestInput)
        )
    }

    /// Bytes of scratch for windows of `maximumRows` rows in `leaves` shards, accurate to a few hundred bytes.
    public static func byteCount(maximumRows: Int, leaves: Int, widestInput: Int, precision: Precision) -> Int {
        let counts = scratchCounts(
            GradientKernels(precision: precision), maximumRows: maximumRows, leaves: leaves, widestInput: widestInput)
        return (counts.strips + 2 * counts.panel) * MemoryLayout<Float>.size
    }

    /// Bytes of scratch.
    public var byteCount: Int { workspace.byteCount }

    func rows(_ steps: Int) -> ck_rows {
        ck_rows(
            steps: steps, streams: streams, segments: segments, ops: program.operations.baseAddress,
            op_count: program.operations.count)
    }

    /// The gradient of `weight`: the sum over rows of `dY[row, :]^T x[row, :]`, overwritten.
    ///
    /// Shapes: `dY` `[steps*streams, weight.rows]`, from `Builder.gradientRows` if gradients are shared; `x` `[steps*streams,
    /// weight.columns]`. Also computes the gradient of a `bias` of the same rows.
    public func weightGradient(_ weight: Parameter, bias: Parameter? = nil, steps: Int, dY: MatrixView, x: MatrixView) {
        precondition(dY.columns == weight.rows, "gradient of \(weight.name): \(dY.columns) rows, not \(weight.rows)")
        if let shared {
            if areMerged { return shared.addMerged(weight, x, bias: bias, dY: dY) }
            return shared.add((weight, x), bias: bias, steps: steps, dY: dY, ownRows: rows(steps))
        }
        partialGradient(weight, bias: bias, firstRow: 0, steps: steps, dY: dY, x: pack(x, steps: steps))
    }

    /// The gradients of two weights with the same `dY`, such as a cell's input and recurrent weights, and of a bias. Reads `dY`
    /// once.
    public func weightGradients(
        _ first: (weight: Parameter, x: MatrixView), _ second: (weight: Parameter, x: MatrixView), bias: Parameter, steps: Int,
        dY: MatrixView
    ) {
        precondition(
            dY.columns == first.weight.rows && dY.columns == second.weight.rows,
            "gradients of \(first.weight.name) and \(second.weight.name): \(dY.columns) rows")
        if let shared { return shared.add(first, second, bias: bias, steps: steps, dY: dY, ownRows: rows(steps)) }
        let sides = (
            side(first.weight, pack(first.x, steps: steps)), side(second.weight, pack(second.x, steps: steps, place: 1))
        )
        kernels.run(
            sides, bias: bias, firstRow: 0, columns: dY.columns, dY: dY.pointer, rowStride: dY.rowStride, rows(steps),
            scratch: strips)
    }

    /// Some rows of the gradients of `weight` and `bias`, `firstRow..<(firstRow + dY.columns)`, from a packed `x`, for this
    /// rank's shards only.
    ///
    /// With `tied`, the rows of the token table are added to each shard's sum.
    public func partialGradient(
        _ weight: Parameter, bias: Parameter? = nil, firstRow: Int, steps: Int, dY: MatrixView, x: PackedRows,
        tied: TokenOccurrences? = nil
    ) {
        precondition(firstRow + dY.columns <= weight.rows, "gradient of \(weight.name): rows past \(weight.rows)")
        kernels.run(
            (side(weight, x), nil), bias: bias, firstRow: firstRow, columns: dY.columns, dY: dY.pointer, rowStride: dY.rowStride,
            rows(steps), occurrences: tied?.table, scratch: strips)
    }

    /// The gradients of `weight` and `bias` from columns of `dY` that lie in groups, for shared gradients.
    public func groupedGradient(
        _ weight: Parameter, bias: Parameter, steps: Int, dY: SharedGradients.Groups, x: MatrixView
    ) {
        shared!.add((weight, x), bias: bias, steps: steps, dY: dY, ownRows: rows(steps))
    }

    /// Packs `x` `[steps*streams, k]` for gradients; valid until the next call with the same `place`, 0 or 1.
    public func pack(_ x: MatrixView, steps: Int, place: Int = 0) -> PackedRows {
        precondition(x.rows == steps * streams, "\(x.rows) rows for \(steps) steps of \(streams) streams")
        let rows = rows(steps)
        let panelStride = (0..<program.leaves.count).reduce(0) {
            $0 + kernels.panelFloats(ofLeaf: steps * Int(segments[$1].count))
        }
        kernels.pack(x, rows, into: panels[place], panelStride: panelStride)
        return PackedRows(panels: panels[place], columns: x.columns)
    }

    private func side(_ weight: Parameter, _ x: PackedRows) -> ck_gradient_side {
        precondition(x.columns == weight.columns, "gradient of \(weight.name): \(x.columns) columns, not \(weight.columns)")
        return kernels.side(weight, x.panels)
    }

    /// The gradient of `bias`: the sum over rows of `dY`, overwritten. Shape: `dY` `[steps*streams, bias.columns]`. With shared
    /// gradients, `steps` must be 1.
    public func biasGradient(_ bias: Parameter, steps: Int, dY: MatrixView) {
        precondition(dY.columns == bias.columns, "gradient of \(bias.name): \(dY.columns) columns, not \(bias.columns)")
        if let shared {
            precondition(steps == 1, "shared gradients of a bias over \(steps) steps")
            return shared.addState(bias, dY: dY)
        }
        var rows = rows(steps)
        ck_bias_gradient(dY.columns, &rows, dY.pointer, dY.rowStride, 0, bias.gradients.baseAddress)
    }

    /// Copies the gradients of a bias to another bias that receives the same sums. Call it after computing the gradients of
    /// `other`.
    public func copyGradients(of other: Parameter, to bias: Parameter) {
        if let shared { return shared.addCopy(of: other, to: bias) }
        bias.copyGradients(of: other, columns: 0..<bias.columns)
    }

    /// Sets the gradients of a vector to zero.
    public func clearGradients(of vector: Parameter) {
        vector.clearGradients(columns: shared?.part(of: vector.columns) ?? 0..<vector.columns)
    }

    /// The gradient of the embedding, for this rank's shards only: for each token that occurs, the sum of the rows that hold it,
    /// overwritten. Other rows stay unchanged.
    public func embeddingGradient(_ table: Parameter, steps: Int, occurrences: TokenOccurrences) {
        var rows = rows(steps)
        var occurrences = occurrences.table
        ck_embedding_gradient(
            table.rows, table.columns, &rows, &occurrences, table.gradients.baseAddress, table.columns)
    }

    // MARK: Rows of equal tokens

    /// Numbers the tokens of a window shard by shard, and returns rows in which all rows of a shard with the same token are one
    /// row. The result is a window of a single step: the streams of a shard are its tokens, in the order (t, b) of their first
    /// row.
    ///
    /// Shape: `tokens` `[steps, streams]`. Valid until the next call.
    public func merged(_ tokens: UnsafePointer<Int32>, steps: Int, into distinct: DistinctTokens) -> GradientRows {
        let result = byToken
        distinct.begin()
        for leaf in 0..<program.leaves.count {
            let start = distinct.count
            distinct.beginGroup()
            forEachRow(of: leaf, steps: steps) { distinct.place(tokens[$0], row: $0) }
            result.segments[leaf] = ck_segment(first: Int32(start), count: Int32(distinct.count - start), stride: 0)
        }
        result.streams = distinct.count
        shared?.publishMerged(result.segments)
        return result
    }

    /// The sums of the rows that `merged` merges, each in the order (t, b).
    ///
    /// Shapes: `x` `[steps*streams, n]`, `sums` `[distinct.count, n]`.
    public func merge(_ x: MatrixView, steps: Int, by distinct: DistinctTokens, into sums: MatrixView) {
        precondition(
            sums.columns == x.columns && sums.rows == distinct.count, "sums of \(sums.rows) rows, \(sums.columns) columns")
        var rows = rows(steps)
        ck_merge_rows(&rows, x.columns, x.pointer, x.rowStride, distinct.numbers, sums.pointer, sums.rowStride)
    }

    /// Shards of the rank.
    var leafCount: Int { program.leaves.count }

    /// The same shards and scratch, for rows that `setRows` gives: a window of a single step.
    func sharingScratch() -> GradientRows { GradientRows(sharing: self) }

    /// Makes some rows of a window of a single step those of a shard. Shards come in order, and their rows follow each other.
    func setRows(_ rows: Range<Int>, of leaf: Int) {
        segments[leaf] = ck_segment(first: Int32(rows.lowerBound), count: Int32(rows.count), stride: 0)
        streams = rows.upperBound
    }

    /// The rows of one shard in the order (t, b).
    @inline(__always)
    func forEachRow(of leaf: Int, steps: Int, _ body: (Int) -> Void) {
        let first = Int(segments[leaf].first)
        for t in 0..<steps {
            for b in first..<(first + Int(segments[leaf].count)) { body(t * streams + b) }
        }
    }

    /// Sums one value of each row by shard, in double and in the order (t, b): `sums[leaf]`, one for each shard of the rank.
    public func shardSums(steps: Int, of values: UnsafePointer<Double>, into sums: UnsafeMutablePointer<Double>) {
        for leaf in 0..<program.leaves.count {
            var sum = 0.0
            forEachRow(of: leaf, steps: steps) { sum += values[$0] }
            sums[leaf] = sum
        }
    }

    /// Sorts the tokens of a window for the gradient of the embedding.
    ///
    /// Shape: `tokens` `[steps, streams]`. `dX` is the gradient of the embedded rows, `[steps*streams, E]`.
    /// `vocabularySize`: that of these tokens, if it is smaller than that of `occurrences`.
    public func sort(
        _ tokens: UnsafePointer<Int32>, steps: Int, dX: MatrixView, into occurrences: TokenOccurrences, vocabularySize: Int? = nil
    ) {
        occurrences.begin(values: dX, vocabularySize: vocabularySize)
        occurrences.count(tokens, rows: steps * streams)
        for leaf in 0..<program.leaves.count {
            forEachRow(of: leaf, steps: steps) { occurrences.place(row: $0, token: Int(tokens[$0]), leaf: leaf) }
        }
    }
}

/// A left operand packed by `GradientRows.pack`.
public struct PackedRows {
    fileprivate let panels: UnsafePointer<Float>
    fileprivate let columns: Int
}
