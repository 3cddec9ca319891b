import Kinds
import Tensors

/// The concatenation of the last n input vectors, each after one linear map: `v = W_ih x + b_ih`, `h = [v, v(t-1), ..., v(t-n+1)]`. Layers above
/// and output read h `[n*H]`. Before the start of an epoch, v is zero.
///
/// Source: Bengio et al. 2003, equation 1 with the direct connections alone.
struct ConcatenationCell: ElementwiseCell {
    static let name = "concatenation"
    static let summary =
        "No recurrence: the concatenation of the last `--context` vectors `v = W x + b` (the direct connections of Bengio et al. 2003)."
    static let settings: [any DeclaredSetting] = [CellSettings.context]
    static let gateCount = 1
    static let learnsFirstState = false

    static func outputSize(units: Int, _ settings: Settings) -> Int { settings[CellSettings.context] * units }

    init(_ settings: Settings, _ builder: CellBuilder) {}

    func forward(_ step: StepView, previous: MatrixView) {
        ShiftedVectors.push(step.gates, before: previous, after: step.h)
    }

    func backward(_ step: StepView) { ShiftedVectors.pop(step.dH, into: step.gates) }
}

/// Rows of n vectors of H columns, the newest first.
enum ShiftedVectors {
    /// `after = [v, before without its last vector]`. Shapes: `v` `[B, H]`, `before` and `after` `[B, n*H]`.
    static func push(_ v: MatrixView, before: MatrixView, after: MatrixView) {
        RowKernels.copy(v, into: after.slice(columns: 0..<v.columns))
        let kept = after.columns - v.columns
        RowKernels.copy(before.slice(columns: 0..<kept), into: after.slice(columns: v.columns..<after.columns))
    }

    /// The backward pass of `push`: `dV` receives the gradient of the newest vector, and `d` becomes the gradient of `before`.
    static func pop(_ d: MatrixView, into dV: MatrixView) {
        RowKernels.copy(d.slice(columns: 0..<dV.columns), into: dV)
        let kept = d.columns - dV.columns
        for row in 0..<d.rows {
            let first = d.pointer + row * d.rowStride
            first.update(from: first + dV.columns, count: kept)
            (first + kept).update(repeating: 0, count: dV.columns)
        }
    }
}
