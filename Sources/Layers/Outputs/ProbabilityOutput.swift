import Kinds
import Tensors

/// The output of a model whose topmost layer gives the distribution itself: loss `-log h[target]` in nats. It has no parameters.
///
/// A probability below the least normal Float, 1.2e-38, counts as that.
final class ProbabilityOutput: OutputLayer {
    static let name = "probabilities"
    static let summary = "The topmost layer's output is the distribution."

    private static let least = Float.leastNormalMagnitude

    private let capacity: WindowCapacity
    private let workspace: Workspace
    private let rowLosses: UnsafeMutablePointer<Double>  // [T*B]
    private let slopes: UnsafeMutablePointer<Float>  // [T*B], the gradient of each row's target
    private let targets: UnsafeMutablePointer<Int32>  // [T*B]
    private let classCount: Int
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: classCount)

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        precondition(tied == nil, "a distribution has no table to share")
        precondition(shape.hiddenSize == shape.vocabularySize, "\(shape.hiddenSize) probabilities of \(shape.vocabularySize)")
        (capacity, workspace, classCount) = (builder.capacity, builder.workspace, shape.vocabularySize)
        rowLosses = workspace.allocate(Double.self, count: capacity.rows)
        slopes = workspace.allocate(Float.self, count: capacity.rows)
        targets = workspace.allocate(Int32.self, count: capacity.rows)
    }

    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? { TokenWork(weightCount: 0) }

    /// Log probabilities. The buffer is made at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        for row in 0..<hidden.rows {
            let (from, to) = (hidden.pointer + row * hidden.rowStride, result.pointer + row * result.rowStride)
            for w in 0..<hidden.columns { to[w] = Float(RowKernels.log(Double(max(from[w], Self.least)))) }
        }
        return result
    }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        let scale = training?.gradientScale ?? 0
        for row in 0..<hidden.rows {
            let probability = max(hidden.pointer[row * hidden.rowStride + Int(targets[row])], Self.least)
            rowLosses[row] = mask[row] == 0 ? 0 : 0 - RowKernels.log(Double(probability))  // not -0
            slopes[row] = -mask[row] * scale / probability
            self.targets[row] = targets[row]
        }
        return UnsafePointer(rowLosses)
    }

    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        for row in 0..<dHidden.rows {
            let own = dHidden.pointer + row * dHidden.rowStride
            own.update(repeating: 0, count: dHidden.columns)
            own[Int(targets[row])] = slopes[row]
        }
    }
}
