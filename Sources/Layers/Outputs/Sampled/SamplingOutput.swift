import Kinds
import Tensors

/// A linear layer with softmax, `softmax(W h + b)`, whose training loss is estimated from the target of each row and from tokens that the step draws.
/// Without training, the loss is that of the exact softmax.
///
/// The rows of W of the samples are gathered once a step, and their logits are one matrix product for all rows of the window. A target that is no sample
/// has a row of its own. Parameters have the names and shapes of the full softmax.
/// Cost in training: `2 H (k + 1)` operations a token forward, for k distinct samples.
final class SamplingOutput<Objective: SampledObjective>: OutputLayer {
    static var name: String { Objective.name }
    static var summary: String { Objective.summary }
    static var settings: [any DeclaredSetting] { Objective.settings }
    static var estimatesTraining: Bool { true }
    static var usesFrequencies: Bool { true }

    private let weight: Parameter  // [V, H]
    private let written: WrittenRows  // of the gradient of W: samples and targets
    private let bias: Parameter  // [V]
    private let exact: LinearSoftmax
    private let objective: Objective
    private let sampler: TokenSampler
    private let samples: GatheredRows  // [k, H]
    private let sampleBias: UnsafeMutablePointer<Float>  // [k], b and the correction
    private let x: MatrixView  // [T*B, k], the logits of the samples, then their gradients
    private let scratch: UnsafeMutablePointer<Float>  // [k]
    private let targetGradients: UnsafeMutablePointer<Float>  // [T*B], 0 for a target that is a sample
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let rest: TargetGradients
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: weight.rows)
    private let targets: UnsafeMutablePointer<Int32>  // [T*B], of the last loss
    private var asked: MatrixView?  // the hidden rows of the last loss

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        (capacity, workspace) = (builder.capacity, builder.workspace)
        let (V, H) = (shape.vocabularySize, shape.hiddenSize)
        sampler = TokenSampler(shape, builder)
        let (table, written) = builder.sparseTable(
            "decoder.weight", [V, H], start: .table, mostRows: sampler.mostTokens + capacity.rows)
        self.written = written
        weight = builder.gradient(of: table, .rank)
        bias = builder.parameter("decoder.bias", [V], .rank)
        exact = LinearSoftmax(weight: weight, bias: bias, propagates: false, logitMemory: 0, builder)
        objective = Objective(shape.settings)
        let k = capacity.training ? sampler.mostTokens : 0
        let rows = capacity.training ? capacity.rows : 0
        samples = GatheredRows(maximumRows: k, columns: H, precision: builder.settings.precision, workspace: workspace)
        sampleBias = workspace.allocate(Float.self, count: k)
        scratch = workspace.allocate(Float.self, count: k)
        x = workspace.matrix(rows: rows, columns: k)
        targetGradients = workspace.allocate(Float.self, count: rows)
        rowLosses = workspace.allocate(Double.self, count: rows)
        targets = workspace.allocate(Int32.self, count: rows)
        rest = TargetGradients(vocabularySize: V, columns: H, maximumRows: rows, workspace: workspace)
    }

    /// Training multiplies each row with the weights of the samples and of its target. A target that is a sample has no gradient of its own.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        let drawn = TokenSampler.expected(shape, targets: targets)
        let H = Double(shape.hiddenSize)
        return TokenWork(
            trainingOperations: TokenWork.trainingOperations(weights: H * drawn.tokens) + 2 * H + 4 * H * drawn.missedTargets,
            weightCount: shape.vocabularySize * shape.hiddenSize)
    }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        guard let training else { return exact.losses(hidden, targets: targets, mask: mask) }
        asked = hidden
        self.targets.update(from: targets, count: hidden.rows)
        sampler.draw(training.key)
        samples.pack(weight, sampler.tokens, count: sampler.count)
        for j in 0..<sampler.count {
            let token = sampler.tokens[j]
            sampleBias[j] =
                bias.value[Int(token)]
                + objective.correction(
                    logExpected: sampler.logExpected(token), logCount: Float(RowKernels.log(Double(sampler.counts[j]))))
        }
        let logits = sampleLogits(hidden.rows)
        samples.forward.multiply(hidden, into: logits, from: .bias(sampleBias))
        for row in 0..<hidden.rows { take(row, hidden, logits, target: targets[row], mask[row], training.gradientScale) }
        let sampler = sampler
        rest.select(steps: training.steps, of: training.rows) { mask[$0] != 0 && sampler.place(of: targets[$0]) < 0 }
        return UnsafePointer(rowLosses)
    }

    private func sampleLogits(_ rows: Int) -> MatrixView {
        MatrixView(x.pointer, rows: rows, columns: sampler.count, rowStride: x.rowStride)
    }

    private func take(
        _ row: Int, _ hidden: MatrixView, _ logits: MatrixView, target: Int32, _ mask: Float, _ scale: Float
    ) {
        let own = logits.pointer + row * logits.rowStride
        guard mask != 0 else {
            own.update(repeating: 0, count: logits.columns)
            (rowLosses[row], targetGradients[row]) = (0, 0)
            return
        }
        let token = Int(target)
        let product = RowKernels.dot(
            weight.columns, hidden.pointer + row * hidden.rowStride, weight.value + token * weight.columns)
        let correction = objective.correction(logExpected: sampler.logExpected(target), logCount: 0)
        let logit = Float(product + Double(bias.value[token])) + correction
        (rowLosses[row], targetGradients[row]) = objective.take(
            SampledRow(
                x: own, counts: sampler.counts, count: logits.columns, target: logit, place: sampler.place(of: target),
                scale: scale, scratch: scratch))
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        guard let hidden = asked else { preconditionFailure("`backward` without `loss`") }
        let dLogits = sampleLogits(hidden.rows)
        samples.backward.multiply(dLogits, into: dHidden)
        for row in 0..<hidden.rows where targetGradients[row] != 0 {
            RowKernels.add(targetGradients[row], times: weight.matrix, row: Int(targets[row]), to: dHidden, row: row)
        }
        written.clear()
        bias.clearGradients()
        rows.partialGradient(
            weight, bias: bias, firstRow: 0, steps: steps, dY: dLogits, x: rows.pack(hidden, steps: steps))
        for j in 0..<sampler.count { written.insert(sampler.tokens[j]) }
        weight.spreadGradients(to: sampler.tokens, count: sampler.count)
        bias.asColumn.spreadGradients(to: sampler.tokens, count: sampler.count)
        rest.compute(weight, written, bias: bias, hidden: hidden, targets: targets, factors: targetGradients)
    }

    /// The logits of the exact softmax. The buffer is made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        exact.logits(hidden, into: result)
        return result
    }
}

/// The gradients of a table and its bias from rows that each use one row of the table: the sum of factor times hidden row, by shard.
final class TargetGradients {
    private let selection: RowSelection
    private let occurrences: TokenOccurrences?
    private let tokens: UnsafeMutablePointer<Int32>  // [rows]
    private let values: MatrixView  // [rows, H]
    private let factors: MatrixView  // [rows, 1]

    /// For at most `maximumRows` rows; 0 for a model without a backward pass.
    init(vocabularySize: Int, columns: Int, maximumRows: Int, workspace: Workspace) {
        selection = RowSelection(maximumRows: maximumRows, workspace: workspace)
        occurrences =
            maximumRows > 0
            ? TokenOccurrences(vocabularySize: vocabularySize, maximumRows: maximumRows, workspace: workspace) : nil
        tokens = workspace.allocate(Int32.self, count: maximumRows)
        values = workspace.matrix(rows: maximumRows, columns: columns)
        factors = workspace.matrix(rows: maximumRows, columns: 1)
    }

    /// Selects the rows of the window.
    func select(steps: Int, of rows: GradientRows, _ includes: (Int) -> Bool) {
        selection.select(steps: steps, of: rows, includes)
    }

    /// Overwrites the gradients of the table's rows that occur, and notes them in `written`; the others stay. Shapes: `targets` and `factors` for each
    /// row of the window.
    func compute(
        _ weight: Parameter, _ written: WrittenRows, bias: Parameter, hidden: MatrixView, targets: UnsafePointer<Int32>,
        factors all: UnsafePointer<Float>
    ) {
        guard let occurrences, selection.count > 0 else { return }
        let (own, ofBias) = (values.prefix(rows: selection.count), factors.prefix(rows: selection.count))
        for i in 0..<selection.count {
            let row = Int(selection.numbers[i])
            tokens[i] = targets[row]
            written.insert(targets[row])
            ofBias.pointer[i] = all[row]
            RowKernels.multiply(all[row], hidden, row: row, into: own, row: i)
        }
        let rows = selection.gradientRows
        rows.sort(tokens, steps: 1, dX: own, into: occurrences)
        rows.embeddingGradient(weight, steps: 1, occurrences: occurrences)
        rows.sort(tokens, steps: 1, dX: ofBias, into: occurrences)
        rows.embeddingGradient(bias.asColumn, steps: 1, occurrences: occurrences)
    }
}
