public import Kinds
import Tensors

extension OutputSettings {
    public static let mixtureSize = Setting(
        "mixture-size", 3, range: .whole(1...1000), placeholder: "n", "Number of softmaxes in the mixture of softmaxes.")
}

/// A mixture of K softmaxes: `p(w) = sum_k pi_k softmax(W g_k + b)[w]` with the prior `pi = softmax(W_p h)` and the contexts
/// `g_k = tanh(W_k h + b_k)`.
///
/// The contexts of a window are K T B rows, row `(k*T + t)*B + b`, of one linear layer with softmax. Their losses give the responsibilities
/// `r_k = pi_k p_k(w) / p(w)`; the gradient of a context's logits is that of its own softmax times r_k, and that of the prior's logits is `pi - r`.
/// Source: Yang et al. 2018. Cost: `2 K H (H + V)` operations a token forward.
final class MixtureOutput: OutputLayer {
    static let name = "mixture"
    static let summary =
        "Mixture of softmaxes, `sum_k pi_k softmax(W tanh(W_k h + b_k) + b)` with `pi = softmax(W_p h)` (Yang et al. 2018)."
    static let settings: [any DeclaredSetting] = [OutputSettings.mixtureSize, OutputSettings.logitMemory]

    private let count: Int  // K
    private let size: (hidden: Int, vocabulary: Int)
    private let prior: Projection  // [K, H]
    private let latent: Projection  // [K*H, H]
    private let latentBias: Parameter  // [K*H]
    private let softmax: LinearSoftmax  // [V, H]
    private let priors: MatrixView  // [T*B, K], log pi, then the gradient of the logits
    private let latents: MatrixView  // [T*B, K*H], the contexts, then the gradients before tanh
    private let contexts: MatrixView  // [K*T*B, H]
    private let dContexts: MatrixView  // the same
    private let targets: UnsafeMutablePointer<Int32>  // [K*T*B]
    private let weights: UnsafeMutablePointer<Float>  // [K*T*B], the mask, then the responsibilities
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let exponentials: UnsafeMutablePointer<Float>  // [V]
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var contextLogits = workspace.matrix(rows: count, columns: size.vocabulary)
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: size.vocabulary)
    private var asked: (hidden: MatrixView, gradientScale: Float)?

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        let (H, V) = (shape.hiddenSize, shape.vocabularySize)
        (capacity, workspace) = (builder.capacity, builder.workspace)
        let K = shape.settings[OutputSettings.mixtureSize]
        count = K
        size = (H, V)
        builder.multiplyRows(by: K)
        prior = Projection("decoder.prior.weight", rows: K, columns: H, builder)
        latent = Projection("decoder.latent.weight", rows: K * H, columns: H, builder)
        latentBias = builder.parameter("decoder.latent.bias", [K * H], .rank)
        let weight = builder.parameter("decoder.weight", [V, H], start: .table, .rank)
        softmax = LinearSoftmax(
            weight: builder.gradient(of: weight, .rank), bias: builder.parameter("decoder.bias", [V], .rank),
            rowsPerPrediction: K,
            logitMemory: shape.logitMemory, builder)
        priors = workspace.matrix(rows: capacity.rows, columns: K)
        latents = workspace.matrix(rows: capacity.rows, columns: K * H)
        contexts = workspace.matrix(rows: K * capacity.rows, columns: H)
        dContexts = workspace.matrix(rows: capacity.training ? K * capacity.rows : 0, columns: H)
        targets = workspace.allocate(Int32.self, count: K * capacity.rows)
        weights = workspace.allocate(Float.self, count: K * capacity.rows)
        rowLosses = workspace.allocate(Double.self, count: capacity.rows)
        exponentials = workspace.allocate(Float.self, count: max(V, K))
    }

    /// The logits of a token read the table of the tokens once for each context.
    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        let (H, K) = (shape.hiddenSize, shape.settings[OutputSettings.mixtureSize])
        let (table, own) = (shape.vocabularySize * H, K * H * (H + 1))
        let products = own + K * table
        return TokenWork(
            trainingOperations: TokenWork.trainingOperations(weights: Double(products)), weightCount: own + table,
            readCount: products)
    }

    func loss(
        _ hidden: MatrixView, targets all: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        asked = (hidden, training?.gradientScale ?? 0)
        let rows = hidden.rows
        project(hidden)
        for k in 0..<count {
            (targets + k * rows).update(from: all, count: rows)
            (weights + k * rows).update(from: mask, count: rows)
        }
        let losses = softmax.losses(contexts.prefix(rows: count * rows), targets: targets, mask: weights)
        for row in 0..<rows { mix(row, of: rows, losses: losses, isPadding: mask[row] == 0) }
        return UnsafePointer(rowLosses)
    }

    /// Contexts and priors of some rows.
    private func project(_ hidden: MatrixView) {
        let rows = hidden.rows
        let (own, first) = (latents.prefix(rows: rows), priors.prefix(rows: rows))
        latent.packed.multiply(hidden, into: own, from: .bias(latentBias.value))
        RowKernels.tanh(count: rows * own.columns, own.pointer, into: own.pointer)
        for k in 0..<count {
            RowKernels.copy(part(k, of: own), into: contexts.slice(rows: (k * rows)..<((k + 1) * rows)))
        }
        prior.packed.multiply(hidden, into: first)
        for row in 0..<rows { LogitRow.logSoftmax(first.pointer + row * count, count: count, exponentials: exponentials) }
    }

    private func part(_ k: Int, of rows: MatrixView) -> MatrixView {
        rows.slice(columns: (k * size.hidden)..<((k + 1) * size.hidden))
    }

    /// The loss of a row from those of its contexts; then the weights are responsibilities, and the prior's row is its gradient.
    private func mix(_ row: Int, of rows: Int, losses: UnsafePointer<Double>, isPadding: Bool) {
        let logPriors = priors.pointer + row * count
        if isPadding {
            rowLosses[row] = 0
            logPriors.update(repeating: 0, count: count)
            return
        }
        var largest = -Double.infinity
        for k in 0..<count { largest = max(largest, Double(logPriors[k]) - losses[k * rows + row]) }
        var sum = 0.0
        for k in 0..<count { sum += RowKernels.exp(Double(logPriors[k]) - losses[k * rows + row] - largest) }
        let logProbability = largest + RowKernels.log(sum)
        rowLosses[row] = 0 - logProbability  // not -0
        for k in 0..<count {
            let responsibility = RowKernels.exp(Double(logPriors[k]) - losses[k * rows + row] - logProbability)
            weights[k * rows + row] = Float(responsibility)
            logPriors[k] = Float(RowKernels.exp(Double(logPriors[k])) - responsibility)
        }
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        guard let asked else { preconditionFailure("`backward` without `loss`") }
        let (hidden, count) = (asked.hidden, asked.hidden.rows)
        let (all, dAll) = (contexts.prefix(rows: self.count * count), dContexts.prefix(rows: self.count * count))
        softmax.setWeights(weights)
        softmax.backward(
            scale: asked.gradientScale, into: dAll, x: rows.pack(all, steps: self.count * steps), steps: self.count * steps,
            rows: rows)
        let (own, first) = (latents.prefix(rows: count), priors.prefix(rows: count))
        for k in 0..<self.count { tanhBackward(dAll.slice(rows: (k * count)..<((k + 1) * count)), part(k, of: own)) }
        for i in 0..<first.count { first.pointer[i] *= asked.gradientScale }
        let x = rows.pack(hidden, steps: steps)
        rows.partialGradient(latent.weight, bias: latentBias, firstRow: 0, steps: steps, dY: own, x: x)
        rows.partialGradient(prior.weight, firstRow: 0, steps: steps, dY: first, x: x)
        latent.propagate(own, into: dHidden, from: .zero)
        prior.propagate(first, into: dHidden, from: .result)
    }

    /// `g` becomes `(1 - g^2) * dG`.
    private func tanhBackward(_ dG: MatrixView, _ g: MatrixView) {
        for row in 0..<g.rows {
            let (from, to) = (dG.pointer + row * dG.rowStride, g.pointer + row * g.rowStride)
            for i in 0..<g.columns { to[i] = (1 - to[i] * to[i]) * from[i] }
        }
    }

    /// Log probabilities. The buffers are made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        project(hidden)
        for row in 0..<hidden.rows {
            let to = result.pointer + row * result.rowStride
            for k in 0..<count {
                let logs = contextLogits.slice(rows: k..<(k + 1))
                softmax.logits(contexts.slice(rows: (k * hidden.rows + row)..<(k * hidden.rows + row + 1)), into: logs)
                LogitRow.logSoftmax(logs.pointer, count: size.vocabulary, exponentials: exponentials)
            }
            for w in 0..<size.vocabulary { to[w] = logMixture(w, priors.pointer + row * count) }
        }
        return result
    }

    private func logMixture(_ w: Int, _ logPriors: UnsafePointer<Float>) -> Float {
        var (largest, sum) = (-Double.infinity, 0.0)
        func log(_ k: Int) -> Double { Double(logPriors[k]) + Double(contextLogits.pointer[k * size.vocabulary + w]) }
        for k in 0..<count { largest = max(largest, log(k)) }
        for k in 0..<count { sum += RowKernels.exp(log(k) - largest) }
        return Float(largest + RowKernels.log(sum))
    }
}
