import Kinds
import Tensors

/// Hierarchical softmax over a Huffman tree: `p(w)` is the product, over the inner nodes from the root to w, of `s(v h)` where the path goes left and
/// `1 - s(v h)` where it goes right, with a vector v of each node and the logistic function s. There are no biases.
///
/// The nodes of one depth are computed together, because each row visits at most one of them.
/// Source: Morin & Bengio 2005, with the Huffman tree of Mikolov et al. 2013. Cost: `2 H` operations for each node of the path, on average about
/// log2 V.
final class HierarchicalOutput: OutputLayer {
    static let name = "hierarchical"
    static let summary =
        "Hierarchical softmax: binary decisions from the root of a Huffman tree to the token (Morin & Bengio 2005); no biases."
    static let settings: [any DeclaredSetting] = []
    static let usesFrequencies = true

    private let tree: HuffmanTree
    private let weight: Parameter  // [V - 1, H]
    private let written: WrittenRows  // of its gradient: the nodes on the paths to the targets
    private let weights: [Parameter]  // of the nodes of each depth
    private let selection: RowSelection
    private let occurrences: TokenOccurrences?
    private let codes: UnsafeMutablePointer<Int32>  // [T*B], the next decision of each row towards the root
    private let places: UnsafeMutablePointer<Int32>  // [T*B], the nodes of the selected rows
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let values: MatrixView  // [T*B, H], the gradients of nodes by row
    private let dWithin: MatrixView  // [T*B, H], the gradient of h
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: tree.leafCount)
    private lazy var decisions = workspace.allocate(Double.self, count: 2 * tree.nodeCount)

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        (capacity, workspace) = (builder.capacity, builder.workspace)
        let tree = HuffmanTree(TokenWeights(shape))
        self.tree = tree
        let (nodes, H) = (max(tree.nodeCount, 1), shape.hiddenSize)
        let (table, written) = builder.sparseTable(
            "decoder.weight", [nodes, H], start: .table, mostRows: capacity.rows * tree.depths.count)
        self.written = written
        weight = builder.gradient(of: table, .rank)
        weights = tree.depths.map { builder.gradient(of: table, rows: $0, .rank) }
        let rows = capacity.training ? capacity.rows : 0
        selection = RowSelection(maximumRows: capacity.rows, workspace: workspace)
        occurrences =
            capacity.training ? TokenOccurrences(vocabularySize: nodes, maximumRows: rows, workspace: workspace) : nil
        codes = workspace.allocate(Int32.self, count: capacity.rows)
        places = workspace.allocate(Int32.self, count: capacity.rows)
        rowLosses = workspace.allocate(Double.self, count: capacity.rows)
        values = workspace.matrix(rows: rows, columns: H)
        dWithin = workspace.matrix(rows: rows, columns: H)
    }

    /// Training computes the nodes on the path to the target, logits all nodes.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        let tree = HuffmanTree(TokenWeights(shape))
        let visited = (0..<tree.leafCount).reduce(0) { $0 + targets($1..<($1 + 1)) * Double(tree.pathLength(toLeaf: $1)) }
        return TokenWork(
            trainingOperations: TokenWork.trainingOperations(weights: visited * Double(shape.hiddenSize)),
            weightCount: tree.nodeCount * shape.hiddenSize)
    }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        for row in 0..<hidden.rows {
            rowLosses[row] = 0
            codes[row] = mask[row] == 0 ? HuffmanTree.end : tree.code(ofLeaf: Int(targets[row]))
        }
        if training != nil {
            written.clear()
            dWithin.pointer.update(repeating: 0, count: hidden.rows * hidden.columns)
        }
        for depth in tree.depths.indices.reversed() { decide(depth, hidden, training) }
        return UnsafePointer(rowLosses)
    }

    /// The decisions at one depth: adds to the losses and, in training, computes the gradients.
    private func decide(_ depth: Int, _ hidden: MatrixView, _ training: TrainingLoss?) {
        let (nodes, codes) = (tree.depths[depth], codes)
        let bounds = Int32(nodes.lowerBound)..<Int32(nodes.upperBound)
        if let training {
            selection.select(steps: training.steps, of: training.rows) { bounds.contains(codes[$0] >> 1) }
        } else {
            selection.select(rows: hidden.rows) { bounds.contains(codes[$0] >> 1) }
        }
        for i in 0..<selection.count {
            let row = Int(selection.numbers[i])
            let (node, isRight) = (Int(codes[row] >> 1), codes[row] & 1 == 1)
            places[i] = Int32(node - nodes.lowerBound)
            codes[row] = tree.code(ofNode: node)
            let logit = self.logit(node, hidden.pointer + row * hidden.rowStride)
            rowLosses[row] -= logLogistic(isRight ? -logit : logit)
            guard let training else { continue }
            written.insert(Int32(node))
            let factor = training.gradientScale * Float(logistic(logit) - (isRight ? 0 : 1))
            RowKernels.add(factor, times: weight.matrix, row: node, to: dWithin, row: row)
            RowKernels.multiply(factor, hidden, row: row, into: values, row: i)
        }
        guard training != nil, selection.count > 0, let occurrences else { return }
        let rows = selection.gradientRows
        rows.sort(
            places, steps: 1, dX: values.prefix(rows: selection.count), into: occurrences, vocabularySize: nodes.count)
        rows.embeddingGradient(weights[depth], steps: 1, occurrences: occurrences)
    }

    private func logit(_ node: Int, _ hidden: UnsafePointer<Float>) -> Double {
        RowKernels.dot(weight.columns, hidden, weight.value + node * weight.columns)
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        RowKernels.copy(dWithin.prefix(rows: dHidden.rows), into: dHidden)
    }

    /// Log probabilities. The buffers are made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        for row in 0..<hidden.rows {
            // A node has a smaller number than its descendants.
            for node in 0..<tree.nodeCount {
                let logit = logit(node, hidden.pointer + row * hidden.rowStride)
                let code = tree.code(ofNode: node)
                let reached = code == HuffmanTree.end ? 0 : decisions[Int(code)]
                decisions[2 * node] = reached + logLogistic(logit)
                decisions[2 * node + 1] = reached + logLogistic(-logit)
            }
            let own = result.pointer + row * result.rowStride
            for leaf in 0..<tree.leafCount {
                let code = tree.code(ofLeaf: leaf)
                own[leaf] = code == HuffmanTree.end ? 0 : Float(decisions[Int(code)])
            }
        }
        return result
    }
}

/// `log(1 / (1 + e^-x))`.
private func logLogistic(_ x: Double) -> Double { min(x, 0) - RowKernels.log(1 + RowKernels.exp(-abs(x))) }

private func logistic(_ x: Double) -> Double {
    let e = RowKernels.exp(-abs(x))
    return x < 0 ? e / (1 + e) : 1 / (1 + e)
}
