public import Tensors

/// The gated recurrent unit with the reset before the product:
/// `n = tanh(W_in x + b_in + W_hn (r*hPrevious) + b_hn)`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014, equations 5 to 8, with this project's (PyTorch's) meaning of z. Two recurrent products a step: for r and z,
/// then for n. Kept for the backward pass: 5 T B H floats.
public final class ResetBeforeGRULayer: RecurrentLayer {
    private let resetHidden: MatrixView  // [T*B, H]: r*hPrevious
    private let dResetHidden: MatrixView  // [B, H]
    private let resetUpdateWeight: Parameter  // W_hr and W_hz, [2H, H]
    private let candidateWeight: Parameter  // W_hn, [H, H]
    private let packedResetUpdate: PackedMatrix
    private let packedCandidate: PackedMatrix
    private let packedResetUpdateBackward: PackedMatrix?
    private let packedCandidateBackward: PackedMatrix?

    public init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, workspace: Workspace
    ) {
        let h = parameters.hiddenSize
        resetHidden = workspace.matrix(rows: capacity.rows, columns: h)
        dResetHidden = workspace.matrix(rows: capacity.training ? capacity.streams : 0, columns: h)
        resetUpdateWeight = parameters.weightHidden.slice(rows: 0..<(2 * h), workspace: workspace)
        candidateWeight = parameters.weightHidden.slice(rows: (2 * h)..<(3 * h), workspace: workspace)
        let hidden = parameters.weightHidden
        packedResetUpdate = weights.matrix(hidden, rows: 0..<(2 * h), .forward)
        packedCandidate = weights.matrix(hidden, rows: (2 * h)..<(3 * h), .forward)
        packedResetUpdateBackward = capacity.training ? weights.matrix(hidden, rows: 0..<(2 * h), .backward) : nil
        packedCandidateBackward = capacity.training ? weights.matrix(hidden, rows: (2 * h)..<(3 * h), .backward) : nil
        super.init(parameters: parameters, weights: weights, capacity: capacity, team: nil, workspace: workspace)
    }

    private var resetUpdateColumns: Range<Int> { 0..<(2 * hiddenSize) }
    private var candidateColumns: Range<Int> { (2 * hiddenSize)..<(3 * hiddenSize) }

    override func step(_ t: Int, previous: MatrixView) {
        let gates = gates(at: t)
        let product = resetHidden.slice(rows: rowRange(t))
        packedResetUpdate.multiply(previous, into: gates.slice(columns: resetUpdateColumns), from: .result)
        CellKernels.gruBeforeGates(
            hidden: hiddenSize, gates: gates, hPrevious: previous.pointer, resetH: product.pointer)
        packedCandidate.multiply(product, into: gates.slice(columns: candidateColumns), from: .result)
        CellKernels.gruBeforeOutput(
            hidden: hiddenSize, gates: gates, hPrevious: previous.pointer, h: hidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int) {
        let dGates = gates(at: t)
        let previous = hidden(at: t - 1)
        CellKernels.gruBeforeOutputBackward(
            hidden: hiddenSize, gates: dGates, hPrevious: previous.pointer, dH: dHidden.pointer)
        packedCandidateBackward!.multiply(dGates.slice(columns: candidateColumns), into: dResetHidden)
        CellKernels.gruBeforeGatesBackward(
            hidden: hiddenSize, gates: dGates, hPrevious: previous.pointer,
            dResetH: dResetHidden.pointer, dHPrevious: dHidden.pointer)
    }

    override func gradientBeforeStep(of dGates: MatrixView) {
        packedResetUpdateBackward!.multiply(dGates.slice(columns: resetUpdateColumns), into: dHidden, from: .result)
    }

    override func parameterGradients(_ input: MatrixView, steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightInput, bias: parameters.biasInput, steps: steps,
            dY: gates.prefix(rows: steps * capacity.streams), x: input)
        hiddenGradients(steps: steps, rows: rows)
    }

    override func hiddenGradients(steps: Int, rows: GradientRows) {
        let dGates = gates.prefix(rows: steps * capacity.streams)
        rows.copyGradients(of: parameters.biasInput, to: parameters.biasHidden)
        rows.weightGradient(
            resetUpdateWeight, steps: steps, dY: dGates.slice(columns: resetUpdateColumns), x: previousHidden(steps: steps))
        rows.weightGradient(
            candidateWeight, steps: steps, dY: dGates.slice(columns: candidateColumns),
            x: resetHidden.prefix(rows: steps * capacity.streams))
    }
}
