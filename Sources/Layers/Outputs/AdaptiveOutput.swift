public import Kinds
import Tensors

extension OutputSettings {
    public static let cutoffs = Setting(
        "cutoffs", WholeNumbers([2000, 10000]), range: .ascending(1...ValueRange<Int>.most, atMost: 8, example: "2000,10000"),
        placeholder: "list",
        "Numbers of frequent tokens after which a cluster of the adaptive softmax begins: the most frequent tokens, up to the first number, "
            + "are in the head. Numbers from the size of the vocabulary on have no effect. Tokens of --tokens byte and sentencepiece are not numbered "
            + "by frequency, and have no use for clusters.")
    public static let tailDivision = Setting(
        "tail-division", 4, range: .whole(1...1_000_000), placeholder: "n",
        "Each cluster of the adaptive softmax reads a projection of the hidden units with this factor fewer columns than the one before."
    )
}

/// Adaptive softmax: `p(w) = softmax(W h)[w]` for the frequent tokens of the head, and `softmax(W h)[cluster i] * softmax(W_i P_i h)[w]` for a token
/// of cluster i; tokens are numbered by descending count. P_i is `[H / d^(i+1), H]`, with at least one row. There are no biases.
///
/// A tail is computed for those rows alone whose target is in its cluster.
/// Source: Grave et al. 2017; names and shapes of torch.nn.AdaptiveLogSoftmaxWithLoss. Cost for a token of the head: 2 H (c_0 + clusters)
/// operations forward.
final class AdaptiveOutput: OutputLayer {
    static let name = "adaptive"
    static let summary =
        "Adaptive softmax: a head of the most frequent tokens and of clusters, and for each cluster a softmax over a narrow projection of h "
        + "(Grave et al. 2017); no biases."
    static let ranksTokens = true
    static let settings: [any DeclaredSetting] = [
        OutputSettings.cutoffs, OutputSettings.tailDivision, OutputSettings.logitMemory,
    ]

    private let headSize: Int  // tokens, without the clusters
    private let head: LinearSoftmax  // [headSize + tails, H]
    private let tails: [AdaptiveTail]
    private let clusterOfToken: (Int32) -> Int32
    private let headTargets: UnsafeMutablePointer<Int32>  // [T*B]
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let gathered: MatrixView  // [T*B, H], the rows of a tail
    private let dGathered: MatrixView  // the same
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var headLogits = workspace.matrix(rows: capacity.rows, columns: head.weight.rows)
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: vocabularySize)
    private lazy var exponentials = workspace.allocate(Float.self, count: vocabularySize)
    private let vocabularySize: Int
    private var asked: (hidden: MatrixView, gradientScale: Float)?

    static func note(_ settings: Settings, outputSize: Int) -> String? {
        guard let first = settings[OutputSettings.cutoffs].values.first, first >= outputSize else { return nil }
        return
            "the adaptive softmax has no clusters: no number of --cutoffs is below the size of the vocabulary, \(outputSize). Try --cutoffs "
            + "\(max(1, outputSize / 10)),\(max(2, outputSize / 3))."
    }

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        capacity = builder.capacity
        workspace = builder.workspace
        vocabularySize = shape.vocabularySize
        let cutoffs = Self.ends(shape)
        headSize = cutoffs[0]
        let weight = builder.parameter(
            "decoder.head.weight", [cutoffs[0] + cutoffs.count - 1, shape.hiddenSize], start: .table, .rank)
        head = LinearSoftmax(
            weight: builder.gradient(of: weight, .rank), bias: nil, logitMemory: shape.logitMemory, builder)
        tails = zip(cutoffs, cutoffs.dropFirst()).enumerated().map { index, bounds in
            AdaptiveTail(index, words: bounds.0..<bounds.1, shape, builder)
        }
        let ends = tails.map { Int32($0.words.upperBound) }
        clusterOfToken = { token in Int32(ends.firstIndex { token < $0 } ?? ends.count) }
        headTargets = workspace.allocate(Int32.self, count: capacity.rows)
        rowLosses = workspace.allocate(Double.self, count: capacity.rows)
        let rows = tails.isEmpty ? 0 : capacity.rows
        gathered = workspace.matrix(rows: rows, columns: shape.hiddenSize)
        dGathered = workspace.matrix(rows: capacity.training ? rows : 0, columns: shape.hiddenSize)
    }

    /// The ends of the head and of each cluster.
    private static func ends(_ shape: OutputShape) -> [Int] {
        shape.settings[OutputSettings.cutoffs].values.filter { $0 < shape.vocabularySize } + [shape.vocabularySize]
    }

    /// Training computes the head and the cluster of the target, logits all clusters.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        let ends = Self.ends(shape)
        var weightCount = (ends[0] + ends.count - 1) * shape.hiddenSize
        var trained = Double(weightCount)
        for (index, bounds) in zip(ends, ends.dropFirst()).enumerated() {
            let words = bounds.0..<bounds.1
            let ofTail = AdaptiveTail.width(index, shape) * (shape.hiddenSize + words.count)
            weightCount += ofTail
            trained += targets(words) * Double(ofTail)
        }
        return TokenWork(trainingOperations: TokenWork.trainingOperations(weights: trained), weightCount: weightCount)
    }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        asked = (hidden, training?.gradientScale ?? 0)
        let size = Int32(headSize)
        for row in 0..<hidden.rows {
            headTargets[row] = targets[row] < size ? targets[row] : size + clusterOfToken(targets[row])
        }
        rowLosses.update(from: head.losses(hidden, targets: headTargets, mask: mask), count: hidden.rows)
        for tail in tails {
            tail.addLosses(hidden, targets: targets, mask: mask, training: training, gathered: gathered, to: rowLosses)
        }
        return UnsafePointer(rowLosses)
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        guard let asked else { preconditionFailure("a backward pass follows a loss") }
        let x = rows.pack(asked.hidden, steps: steps)
        head.backward(scale: asked.gradientScale, into: dHidden, x: x, steps: steps, rows: rows)
        for tail in tails {
            tail.backward(
                asked.hidden, scale: asked.gradientScale, gathered: gathered, dGathered: dGathered, addingTo: dHidden)
        }
    }

    /// Log probabilities. The buffers are made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let (first, result) = (headLogits.prefix(rows: hidden.rows), plainLogits.prefix(rows: hidden.rows))
        head.logits(hidden, into: first)
        for tail in tails { tail.logits(hidden, into: result.slice(columns: tail.words)) }
        for row in 0..<hidden.rows {
            let (head, own) = (first.pointer + row * first.rowStride, result.pointer + row * result.rowStride)
            LogitRow.logSoftmax(head, count: first.columns, exponentials: exponentials)
            own.update(from: head, count: headSize)
            for (index, tail) in tails.enumerated() {
                let words = own + tail.words.lowerBound
                LogitRow.logSoftmax(words, count: tail.words.count, exponentials: exponentials)
                for word in 0..<tail.words.count { words[word] += head[headSize + index] }
            }
        }
        return result
    }
}

/// A cluster of an adaptive softmax: `softmax(W P h)` over its tokens, for the rows whose target is one of them.
private final class AdaptiveTail {
    /// The tokens, by their numbers.
    let words: Range<Int>
    private let projection: Parameter  // [k, H]
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let softmax: LinearSoftmax  // [words, k]
    private let selection: RowSelection
    private let projected: MatrixView  // [T*B, k]
    private let dProjected: MatrixView  // the same
    private let targets: UnsafeMutablePointer<Int32>  // [T*B], counted from the first of the words
    private let mask: UnsafeMutablePointer<Float>  // [T*B], ones

    init(_ index: Int, words: Range<Int>, _ shape: OutputShape, _ builder: Builder) {
        self.words = words
        let width = Self.width(index, shape)
        let (capacity, workspace) = (builder.capacity, builder.workspace)
        let matrix = builder.parameter(
            "decoder.tail.\(index).0.weight", [width, shape.hiddenSize], start: .input(outputs: width), .rank)
        projection = builder.gradient(of: matrix, .rank)
        packed = builder.packed(projection, .forward)
        packedBackward = builder.packedBackward(projection)
        let weight = builder.parameter("decoder.tail.\(index).1.weight", [words.count, width], start: .table, .rank)
        softmax = LinearSoftmax(
            weight: builder.gradient(of: weight, .rank), bias: nil, logitMemory: shape.logitMemory, builder)
        selection = RowSelection(maximumRows: capacity.rows, workspace: workspace)
        projected = workspace.matrix(rows: capacity.rows, columns: width)
        dProjected = workspace.matrix(rows: capacity.training ? capacity.rows : 0, columns: width)
        targets = workspace.allocate(Int32.self, count: capacity.rows)
        mask = workspace.allocate(Float.self, count: capacity.rows)
        // Memory that is measured only must not be written.
        if !builder.isMeasuring { mask.update(repeating: 1, count: capacity.rows) }
    }

    /// The rows of the projection of a cluster, k.
    static func width(_ index: Int, _ shape: OutputShape) -> Int {
        let division = (0...index).reduce(1) { product, _ in
            min(product * shape.settings[OutputSettings.tailDivision], shape.hiddenSize)
        }
        return max(shape.hiddenSize / division, 1)
    }

    /// Adds the losses of the tail to those of the rows that it has. `gathered`: scratch, `[T*B, H]`.
    func addLosses(
        _ hidden: MatrixView, targets all: UnsafePointer<Int32>, mask rowMask: UnsafePointer<Float>, training: TrainingLoss?,
        gathered: MatrixView, to losses: UnsafeMutablePointer<Double>
    ) {
        let words = Int32(words.lowerBound)..<Int32(words.upperBound)
        if let training {
            selection.select(steps: training.steps, of: training.rows) { rowMask[$0] != 0 && words.contains(all[$0]) }
        } else {
            selection.select(rows: hidden.rows) { rowMask[$0] != 0 && words.contains(all[$0]) }
        }
        let x = projected.prefix(rows: selection.count)
        packed.multiply(selection.gather(hidden, into: gathered), into: x)
        for i in 0..<selection.count { targets[i] = all[Int(selection.numbers[i])] - words.lowerBound }
        let own = softmax.losses(x, targets: targets, mask: mask)
        for i in 0..<selection.count { losses[Int(selection.numbers[i])] += own[i] }
    }

    /// The gradients of the tail's parameters, and of `hidden`, which is added to `dHidden`; after `addLosses` in training.
    func backward(_ hidden: MatrixView, scale: Float, gathered: MatrixView, dGathered: MatrixView, addingTo dHidden: MatrixView) {
        guard let packedBackward else { preconditionFailure("a backward pass through a model made for inference") }
        let rows = selection.gradientRows
        let dX = dProjected.prefix(rows: selection.count)
        softmax.backward(
            scale: scale, into: dX, x: rows.pack(projected.prefix(rows: selection.count), steps: 1), steps: 1, rows: rows)
        let own = selection.gather(hidden, into: gathered)
        rows.partialGradient(projection, firstRow: 0, steps: 1, dY: dX, x: rows.pack(own, steps: 1))
        let dOwn = dGathered.prefix(rows: selection.count)
        packedBackward.multiply(dX, into: dOwn)
        selection.scatterAdd(dOwn, to: dHidden)
    }

    /// The logits of the words, `[rows, words]`, for all rows.
    func logits(_ hidden: MatrixView, into result: MatrixView) {
        let x = projected.prefix(rows: hidden.rows)
        packed.multiply(hidden, into: x)
        softmax.logits(x, into: result)
    }
}
