public import Tensors

/// Long short-term memory: `c = f*cPrevious + i*g`, `h = o*tanh(c)`; gates i f g o.
///
/// Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; layout of torch.nn.LSTM.
/// Kept for the backward pass: 7 T B H floats.
public final class LSTMLayer: RecurrentLayer {
    private let packedHidden: PackedMatrix
    private let packedHiddenBackward: PackedMatrix?
    private let cell: MatrixView  // [(T+1)*B, H]: c before the window, then after each step
    private let tanhCell: MatrixView  // [T*B, H]
    private let dCell: MatrixView  // [B, H]

    public override init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, workspace: Workspace
    ) {
        packedHidden = weights.matrix(parameters.weightHidden, .forward)
        packedHiddenBackward = capacity.training ? weights.matrix(parameters.weightHidden, .backward) : nil
        let hidden = parameters.hiddenSize
        cell = workspace.matrix(rows: capacity.rows + capacity.streams, columns: hidden)
        tanhCell = workspace.matrix(rows: capacity.rows, columns: hidden)
        dCell = workspace.matrix(rows: capacity.training ? capacity.streams : 0, columns: hidden)
        super.init(parameters: parameters, weights: weights, capacity: capacity, workspace: workspace)
    }

    override func makeStates() -> [MatrixView] { super.makeStates() + [cell.prefix(rows: capacity.streams)] }

    override func stateGradient(_ index: Int) -> MatrixView { index == 0 ? dHidden : dCell }

    override func step(_ t: Int) {
        let gates = gates(at: t)
        packedHidden.multiply(hidden(at: t - 1), into: gates, from: .result)
        CellKernels.lstmForward(
            hidden: hiddenSize, gates: gates, cPrevious: cell(at: t - 1).pointer,
            c: cell(at: t).pointer, tanhC: tanhCell.slice(rows: rowRange(t)).pointer, h: hidden(at: t).pointer)
    }

    override func beginBackward() { dCell.pointer.update(repeating: 0, count: dCell.count) }

    override func stepBackward(_ t: Int, dH: MatrixView) {
        let dGates = gates(at: t)
        CellKernels.lstmBackward(
            hidden: hiddenSize, gates: dGates, cPrevious: cell(at: t - 1).pointer,
            tanhC: tanhCell.slice(rows: rowRange(t)).pointer, dH: dH.pointer, dC: dCell.pointer)
        packedHiddenBackward!.multiply(dGates, into: dHidden)
    }

    public override func carryState(steps: Int) {
        super.carryState(steps: steps)
        let count = capacity.streams * hiddenSize
        cell.pointer.update(from: cell.pointer + steps * count, count: count)
    }

    private func cell(at t: Int) -> MatrixView { cell.slice(rows: rowRange(t + 1)) }
}
