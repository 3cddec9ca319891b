internal import CKernels

/// The weight gradients that the ranks of a node compute jointly: each rank computes some rows of every weight, from the windows
/// of all ranks. One rank writes an element, after summing over the node's shards. Without sharing, every rank would write every
/// element for others to read.
///
/// In its backward pass a rank leaves `dY` in shared memory and packs its rows of the products' left operands there. After all
/// ranks of the node have done so, `finish` computes this rank's part of the requested gradients. Every rank requests the same
/// gradients in the same order, and begins the next window only after all ranks have finished. The bits equal those of each
/// rank's gradients, added in the order of the tree.
public final class SharedGradients {
    /// Columns of a `dY` that are stored in groups.
    public struct Groups {
        /// This rank's rows of the first group, `[T*B, width]` without gaps.
        public let first: UnsafeMutablePointer<Float>
        public let width: Int
        /// Floats from one group to the next.
        public let stride: Int
    }

    private let memory: UnsafeMutableBufferPointer<Float>
    private var placed: SharedRows
    private let program: TreeProgram
    private let kernels: GradientKernels
    private let rank: Int  // of the node
    private let rankCount: Int
    private let ownShards: Range<Int>
    private let ownStreams: Range<Int>
    private let windowSegments: UnsafeMutablePointer<ck_segment>
    private let stateSegments: UnsafeMutablePointer<ck_segment>
    private let mergedSegments: UnsafeMutablePointer<ck_segment>  // in shared memory
    private let strips: UnsafeMutablePointer<Float>
    private let mergedPanels: UnsafeMutablePointer<Float>
    private let workspace = Workspace()

    private var tasks: [Task] = []

    /// - Parameters:
    ///   - rows: of the node, nothing placed yet.
    ///   - shardsOfRanks: for each rank of the node its shards, counted from the first shard of the node.
    ///   - rank: this rank's number in the node.
    ///   - program: from the node's shards, one leaf each, to its largest subtrees.
    ///   - widestInput: the largest number of columns of a weight.
    ///   - memory: shared by the ranks of the node, initially zero.
    public init(
        _ rows: SharedRows, shardsOfRanks: [Range<Int>], rank: Int, program: TreeProgram, widestInput: Int,
        memory: UnsafeMutableBufferPointer<Float>
    ) {
        self.memory = memory
        self.program = program
        self.rank = rank
        rankCount = shardsOfRanks.count
        placed = rows
        kernels = rows.kernels
        let leafCount = rows.streamsOfShards.count
        (windowSegments, stateSegments, strips, mergedPanels) = Self.scratch(rows, widestInput: widestInput, in: workspace)
        for shards in shardsOfRanks {
            let streams = Self.streams(shards, rows)
            for leaf in shards {
                let own = rows.streamsOfShards[leaf]
                let first = rows.maximumSteps * streams.lowerBound + own.lowerBound - streams.lowerBound
                windowSegments[leaf] = ck_segment(first: Int32(first), count: Int32(own.count), stride: Int32(streams.count))
                stateSegments[leaf] = ck_segment(first: Int32(own.lowerBound), count: Int32(own.count), stride: 0)
            }
        }
        ownShards = shardsOfRanks[rank]
        ownStreams = Self.streams(shardsOfRanks[rank], rows)
        mergedSegments = UnsafeMutableRawPointer(memory.baseAddress! + placed.place(.mergedSegments)).bindMemory(
            to: ck_segment.self, capacity: leafCount)
    }

    /// This rank's own scratch: two segments for each shard, strips, and the panels of merged rows.
    private static func scratch(
        _ rows: SharedRows, widestInput: Int, in workspace: Workspace
    ) -> (
        UnsafeMutablePointer<ck_segment>, UnsafeMutablePointer<ck_segment>, UnsafeMutablePointer<Float>,
        UnsafeMutablePointer<Float>
    ) {
        let (kernels, leaves) = (rows.kernels, rows.streamsOfShards.count)
        return (
            workspace.allocate(ck_segment.self, count: leaves), workspace.allocate(ck_segment.self, count: leaves),
            workspace.allocate(Float.self, count: kernels.scratchCount(rows: rows.rows, leaves: leaves)),
            workspace.allocate(Float.self, count: kernels.panelCount(rows: rows.rows, leaves: leaves, columns: widestInput))
        )
    }

    private static func streams(_ shards: Range<Int>, _ rows: SharedRows) -> Range<Int> {
        rows.streamsOfShards[shards.lowerBound].lowerBound..<rows.streamsOfShards[shards.upperBound - 1].upperBound
    }

    /// Bytes of this rank's own scratch.
    public var byteCount: Int { workspace.byteCount }

    /// Bytes of a rank's own scratch, without allocating it.
    public static func byteCount(_ rows: SharedRows, widestInput: Int) -> Int {
        let workspace = Workspace(measuring: true)
        _ = scratch(rows, widestInput: widestInput, in: workspace)
        return workspace.byteCount
    }

    // MARK: Memory

    /// The address of `part` in shared memory.
    func place(_ part: SharedRows.Part) -> UnsafeMutablePointer<Float> {
        let first = placed.place(part)
        precondition(placed.count <= memory.count, "\(placed.count) floats in the \(memory.count) that a node shares")
        return memory.baseAddress! + first
    }

    /// This rank's rows of a matrix, `[T*B, columns]`.
    func rows(_ part: SharedRows.Part, columns: Int, stride: Int) -> MatrixView {
        MatrixView(
            place(part) + ownFirstRow * stride, rows: placed.maximumSteps * ownStreams.count, columns: columns, rowStride: stride
        )
    }

    /// Memory for groups of columns of a `dY`.
    func groups(_ count: Int, width: Int) -> Groups {
        Groups(
            first: place(.groups(count, width: width)) + ownFirstRow * width, width: width, stride: placed.rows * width)
    }

    private var ownFirstRow: Int { placed.maximumSteps * ownStreams.lowerBound }

    // MARK: Requests

    private enum Task {
        case product(Product)
        case copy(of: Parameter, to: Parameter)
        case state(Parameter, MatrixView)
    }

    private struct Product {
        let weights: (Parameter, Parameter?)
        let left: Left
        let bias: Parameter?
        let steps: Int
        /// Row 0 of the node. Columns are in groups of `width`, which lie `groupStride` apart.
        let dY: UnsafePointer<Float>
        let rowStride: Int
        let width: Int
        let groupStride: Int
    }

    private enum Left {
        case packed(UnsafePointer<Float>, UnsafePointer<Float>?)
        /// Merged rows, from row 0 of the node. Their number is known after all ranks have merged theirs.
        case merged(MatrixView)
    }

    typealias Side = (weight: Parameter, x: MatrixView)

    /// Requests the gradients of one weight, or of two with the same `dY`. `ownRows` describes this rank's rows of `x`.
    func add(_ first: Side, _ second: Side? = nil, bias: Parameter?, steps: Int, dY: MatrixView, ownRows: ck_rows) {
        let left = Left.packed(pack(first, steps, ownRows), second.map { pack($0, steps, ownRows) })
        tasks.append(
            .product(
                Product(
                    weights: (first.weight, second?.weight), left: left, bias: bias, steps: steps,
                    dY: dY.pointer - ownFirstRow * dY.rowStride, rowStride: dY.rowStride, width: dY.columns, groupStride: 0)))
    }

    func add(_ side: Side, bias: Parameter, steps: Int, dY: Groups, ownRows: ck_rows) {
        tasks.append(
            .product(
                Product(
                    weights: (side.weight, nil), left: .packed(pack(side, steps, ownRows), nil), bias: bias, steps: steps,
                    dY: dY.first - ownFirstRow * dY.width, rowStride: dY.width, width: dY.width, groupStride: dY.stride)))
    }

    /// Requests the gradient of a weight from merged rows: `x` and `dY` are this rank's rows in shared memory.
    func addMerged(_ weight: Parameter, _ x: MatrixView, bias: Parameter?, dY: MatrixView) {
        let all = MatrixView(
            x.pointer - ownFirstRow * x.rowStride, rows: placed.rows, columns: x.columns, rowStride: x.rowStride)
        tasks.append(
            .product(
                Product(
                    weights: (weight, nil), left: .merged(all), bias: bias, steps: 1,
                    dY: dY.pointer - ownFirstRow * dY.rowStride, rowStride: dY.rowStride, width: dY.columns, groupStride: 0)))
    }

    /// Publishes the merged rows of this rank's shards. `segments` count from this rank's first row.
    func publishMerged(_ segments: UnsafePointer<ck_segment>) {
        for (index, leaf) in ownShards.enumerated() {
            mergedSegments[leaf] = ck_segment(
                first: segments[index].first + Int32(ownFirstRow), count: segments[index].count, stride: 0)
        }
    }

    /// Requests the gradient of an initial state, which is the sum of `dY` `[B, H]`.
    func addState(_ state: Parameter, dY: MatrixView) {
        let all = MatrixView(state.sharedPlace!, rows: placed.streams, columns: dY.columns)
        RowKernels.copy(dY, into: all.slice(rows: ownStreams))
        tasks.append(.state(state, all))
    }

    /// Requests a copy of the gradients of a vector; must follow the request for `other`.
    func addCopy(of other: Parameter, to vector: Parameter) { tasks.append(.copy(of: other, to: vector)) }

    /// This rank's part of `count` rows.
    func part(of count: Int) -> Range<Int> {
        let tiles = (count + GradientKernels.tileRows - 1) / GradientKernels.tileRows
        let (first, end) = (rank * tiles / rankCount, (rank + 1) * tiles / rankCount)
        return min(first * GradientKernels.tileRows, count)..<min(end * GradientKernels.tileRows, count)
    }

    /// Packs this rank's rows of a left operand; returns the operand of all ranks.
    private func pack(_ side: Side, _ steps: Int, _ ownRows: ck_rows) -> UnsafePointer<Float> {
        let panels = side.weight.sharedPlace!
        func floats(_ leaves: Range<Int>) -> Int {
            leaves.reduce(0) { $0 + kernels.panelFloats(ofLeaf: steps * placed.streamsOfShards[$1].count) }
        }
        kernels.pack(
            side.x, ownRows, into: panels + floats(0..<ownShards.lowerBound),
            panelStride: floats(placed.streamsOfShards.indices))
        return UnsafePointer(panels)
    }

    // MARK: Computation

    /// Computes this rank's part of all gradients requested since the last call. Every rank of the node must have made its
    /// requests.
    public func finish() {
        for task in tasks {
            switch task {
            case .product(let product): make(product)
            case .copy(let other, let vector): vector.copyGradients(of: other, columns: part(of: vector.columns))
            case .state(let state, let dY): make(state, dY)
            }
        }
        tasks.removeAll(keepingCapacity: true)
    }

    private func make(_ product: Product) {
        let rows: ck_rows
        let sides: (ck_gradient_side, ck_gradient_side?)
        switch product.left {
        case .packed(let first, let second):
            rows = self.rows(product.steps, placed.streams, windowSegments)
            sides = (
                kernels.side(product.weights.0, first), second.map { kernels.side(product.weights.1!, $0) }
            )
        case .merged(let x):
            let leaves = placed.streamsOfShards.indices
            rows = self.rows(1, leaves.reduce(0) { $0 + Int(mergedSegments[$1].count) }, mergedSegments)
            kernels.pack(
                x, rows, into: mergedPanels,
                panelStride: leaves.reduce(0) { $0 + kernels.panelFloats(ofLeaf: Int(mergedSegments[$1].count)) })
            sides = (kernels.side(product.weights.0, mergedPanels), nil)
        }
        let own = part(of: product.weights.0.rows)
        for group in own.isEmpty ? 0..<0 : (own.lowerBound / product.width)..<((own.upperBound - 1) / product.width + 1) {
            let columns = own.clamped(to: (group * product.width)..<((group + 1) * product.width))
            kernels.run(
                sides, bias: product.bias, firstRow: columns.lowerBound, columns: columns.count,
                dY: product.dY + group * product.groupStride + columns.lowerBound - group * product.width,
                rowStride: product.rowStride, rows, scratch: strips)
        }
    }

    private func make(_ state: Parameter, _ dY: MatrixView) {
        let own = part(of: state.columns)
        guard !own.isEmpty else { return }
        var rows = rows(1, placed.streams, stateSegments)
        ck_bias_gradient(
            own.count, &rows, dY.pointer + own.lowerBound, dY.rowStride, own.lowerBound, state.gradients.baseAddress)
    }

    private func rows(_ steps: Int, _ streams: Int, _ segments: UnsafePointer<ck_segment>) -> ck_rows {
        ck_rows(
            steps: steps, streams: streams, segments: segments, ops: program.operations.baseAddress,
            op_count: program.operations.count)
    }
}
