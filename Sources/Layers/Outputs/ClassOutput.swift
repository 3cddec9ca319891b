public import Kinds
import Tensors

extension OutputSettings {
    public static let classes = Setting(
        "classes", 0, range: .whole(1...30_000, orZero: "for the square root of the vocabulary's size"), placeholder: "n",
        "Number of classes of the class-based softmax, at most; classes of frequent tokens are smaller.")
}

/// Class-based softmax: `p(w) = softmax(W_c h)[class of w] * softmax over the tokens of the class (W h)[w]`, without biases.
///
/// Token w, by descending count, is in class `floor(C sqrt(w / V))`: with counts by Zipf's law, classes have equal sums of the square roots of their
/// counts. Within a class, only the rows whose target is in it are computed.
/// Source: Mikolov et al. 2011. Cost: about `2 H (C + V/C)` operations a token forward.
final class ClassOutput: OutputLayer {
    static let name = "class"
    static let summary =
        "Class-based softmax, `p(w) = p(class) p(w given its class)`, with classes of tokens of similar frequency (Mikolov et al. 2011); no biases."
    static let ranksTokens = true
    static let settings: [any DeclaredSetting] = [
        OutputSettings.classes, OutputSettings.maxEntOrder, OutputSettings.maxEntSize, OutputSettings.logitMemory,
    ]

    private let head: LinearSoftmax  // [C, H]
    private let members: [LinearSoftmax]  // [tokens of the class, H]
    private let words: [Range<Int>]  // the tokens of each class
    private let direct: ClassDirectWeights?
    private let selection: RowSelection
    private let classOfToken: [Int32]
    private let classes: UnsafeMutablePointer<Int32>  // [T*B], of the targets; -1 for padding
    private let places: UnsafeMutablePointer<Int32>  // [T*B], of the selected targets in their class
    private let ones: UnsafeMutablePointer<Float>  // [T*B]
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let gathered: MatrixView  // [T*B, H], the rows of a class
    private let dGathered: MatrixView  // the same
    private let dWithin: MatrixView  // [T*B, H], the gradient of h through the softmaxes within classes
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var headLogits = workspace.matrix(rows: capacity.rows, columns: words.count)
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: classOfToken.count)
    private lazy var exponentials = workspace.allocate(Float.self, count: classOfToken.count)
    private var asked: (hidden: MatrixView, gradientScale: Float)?

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        (capacity, workspace) = (builder.capacity, builder.workspace)
        let (V, H) = (shape.vocabularySize, shape.hiddenSize)
        let words = Self.classes(shape.settings[OutputSettings.classes], vocabularySize: V)
        self.words = words
        classOfToken = words.indices.flatMap { index in words[index].map { _ in Int32(index) } }
        let headWeight = builder.parameter("decoder.class.weight", [words.count, H], start: .table, .rank)
        head = LinearSoftmax(
            weight: builder.gradient(of: headWeight, .rank), bias: nil, logitMemory: shape.logitMemory, builder)
        let weight = builder.parameter("decoder.weight", [V, H], start: .table, .rank)
        let scratch = LinearSoftmax.Scratch(
            columns: words.map(\.count).max() ?? 0, inner: H, logitMemory: shape.logitMemory, builder)
        members = words.map { LinearSoftmax(weight: weight, rows: $0, scratch, builder) }
        let selection = RowSelection(maximumRows: capacity.rows, workspace: workspace)
        self.selection = selection
        direct = shape.features.map {
            ClassDirectWeights(
                size: shape.settings[OutputSettings.maxEntSize], classes: words.count, members: words.map(\.count).max() ?? 0, $0,
                builder)
        }
        head.direct = direct.map { .init(weights: $0.head) }
        for member in members { member.direct = direct.map { $0.ofMembers(selection.numbers) } }
        classes = workspace.allocate(Int32.self, count: capacity.rows)
        places = workspace.allocate(Int32.self, count: capacity.rows)
        ones = workspace.allocate(Float.self, count: capacity.rows)
        rowLosses = workspace.allocate(Double.self, count: capacity.rows)
        if !builder.isMeasuring { ones.update(repeating: 1, count: capacity.rows) }
        gathered = workspace.matrix(rows: capacity.rows, columns: H)
        dGathered = workspace.matrix(rows: capacity.training ? capacity.rows : 0, columns: H)
        dWithin = workspace.matrix(rows: capacity.training ? capacity.rows : 0, columns: H)
    }

    /// The tokens of each class. With n classes, class j begins at token `ceil(V (j/n)^2)`; empty classes are left out.
    static func classes(_ count: Int, vocabularySize V: Int) -> [Range<Int>] {
        let n = count == 0 ? max(Int(Double(V).squareRoot().rounded(.up)), 1) : min(count, V)
        let starts = (0...n).map { j in (V * j * j + n * n - 1) / (n * n) }
        return zip(starts, starts.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty }
    }

    /// Training computes the class of the target alone, logits all classes.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        let (V, H) = (shape.vocabularySize, shape.hiddenSize)
        let words = classes(shape.settings[OutputSettings.classes], vocabularySize: V)
        let members = words.reduce(0) { $0 + targets($1) * Double($1.count) }
        return TokenWork(
            trainingOperations: TokenWork.trainingOperations(weights: Double(H) * (Double(words.count) + members)),
            weightCount: H * (words.count + V))
    }

    /// In training also the gradients within the classes, one class after another in the same scratch.
    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        asked = (hidden, training?.gradientScale ?? 0)
        for row in 0..<hidden.rows { classes[row] = classOfToken[Int(targets[row])] }
        direct?.begin(rows: hidden.rows, classes: classes, mask: mask)
        rowLosses.update(from: head.losses(hidden, targets: classes, mask: mask), count: hidden.rows)
        for row in 0..<hidden.rows where mask[row] == 0 { classes[row] = -1 }
        if training != nil { dWithin.pointer.update(repeating: 0, count: hidden.rows * hidden.columns) }
        for index in members.indices { take(index, hidden, targets: targets, training: training) }
        return UnsafePointer(rowLosses)
    }

    private func take(_ index: Int, _ hidden: MatrixView, targets: UnsafePointer<Int32>, training: TrainingLoss?) {
        let (own, first) = (Int32(index), Int32(words[index].lowerBound))
        if let training {
            selection.select(steps: training.steps, of: training.rows) { classes[$0] == own }
        } else {
            selection.select(rows: hidden.rows) { classes[$0] == own }
        }
        for i in 0..<selection.count { places[i] = targets[Int(selection.numbers[i])] - first }
        let x = selection.gather(hidden, into: gathered)
        let losses = members[index].losses(x, targets: places, mask: ones)
        for i in 0..<selection.count { rowLosses[Int(selection.numbers[i])] += losses[i] }
        guard let training else { return }
        let rows = selection.gradientRows
        let dX = dGathered.prefix(rows: selection.count)
        members[index].backward(scale: training.gradientScale, into: dX, x: rows.pack(x, steps: 1), steps: 1, rows: rows)
        selection.scatterAdd(dX, to: dWithin)
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        guard let asked else { preconditionFailure("`backward` without `loss`") }
        direct?.gradient(steps: steps, rows: rows)
        head.backward(
            scale: asked.gradientScale, into: dHidden, x: rows.pack(asked.hidden, steps: steps), steps: steps, rows: rows)
        RowKernels.add(dWithin.prefix(rows: dHidden.rows), to: dHidden)
    }

    /// Log probabilities. The buffers are made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let (first, result) = (headLogits.prefix(rows: hidden.rows), plainLogits.prefix(rows: hidden.rows))
        direct?.head.begin(rows: hidden.rows) { _ in 0 }
        head.logits(hidden, into: first)
        for (member, words) in zip(members, words) { member.logits(hidden, into: result.slice(columns: words)) }
        for row in 0..<hidden.rows {
            let (head, own) = (first.pointer + row * first.rowStride, result.pointer + row * result.rowStride)
            LogitRow.logSoftmax(head, count: first.columns, exponentials: exponentials)
            for (index, words) in words.enumerated() {
                direct?.members.add(
                    row: row, targets: index, to: result.slice(rows: row..<(row + 1)).slice(columns: words))
                LogitRow.logSoftmax(own + words.lowerBound, count: words.count, exponentials: exponentials)
                for word in words { own[word] += head[index] }
            }
        }
        return result
    }
}
