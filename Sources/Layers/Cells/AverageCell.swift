import Kinds
import Tensors

/// The average of the last n input vectors, each after one linear map: `v = W_ih x + b_ih`, `h = (v + v(t-1) + ... + v(t-n+1)) / n`. Before the
/// start of an epoch, v is zero.
///
/// Source: the projection of the continuous bag of words of Mikolov et al. 2013, with the words before the predicted one alone. Kept for the
/// backward pass: T B n H floats, the vectors of each step.
struct AverageCell: ElementwiseCell {
    static let name = "average"
    static let summary =
        "No recurrence: the average of the last `--context` vectors `v = W x + b`, without their order (as the bag of words of Mikolov et al. 2013)."
    static let settings: [any DeclaredSetting] = [CellSettings.context]
    static let gateCount = 1
    static let states = ["v"]
    static let learnedStates: [String] = []
    static let learnsFirstState = false

    private let length: Int
    private let vectors: StepState  // [n*H], the newest first

    init(_ settings: Settings, _ builder: CellBuilder) {
        length = settings[CellSettings.context]
        vectors = builder.state("v", columns: length * builder.size.hiddenSize)
    }

    func forward(_ step: StepView, previous: MatrixView) {
        let after = vectors.after(step.range)
        ShiftedVectors.push(step.gates, before: vectors.steps.slice(rows: step.range), after: after)
        RowKernels.copy(part(0, of: after), into: step.h)
        for k in stride(from: 1, to: length, by: 1) { RowKernels.add(part(k, of: after), to: step.h) }
        for row in 0..<step.h.rows { RowKernels.scale(step.h, row: row, by: 1 / Float(length)) }
    }

    func backward(_ step: StepView) {
        for row in 0..<step.dH.rows { RowKernels.scale(step.dH, row: row, by: 1 / Float(length)) }
        for k in 0..<length { RowKernels.add(step.dH, to: part(k, of: vectors.gradient)) }
        ShiftedVectors.pop(vectors.gradient, into: step.gates)
        // No step reads the previous h.
        step.dH.pointer.update(repeating: 0, count: step.dH.count)
    }

    /// The vector `k` steps back.
    private func part(_ k: Int, of vectors: MatrixView) -> MatrixView {
        let columns = vectors.columns / length
        return vectors.slice(columns: (k * columns)..<((k + 1) * columns))
    }
}
