public import Tensors

/// Long short-term memory: `c = f*cPrevious + i*g`, `h = o*tanh(c)`; gates i f g o.
///
/// Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; layout of torch.nn.LSTM.
/// Kept for the backward pass: 7 T B H floats.
public final class LSTMLayer: RecurrentLayer {
    private let recurrent: RecurrentProduct
    private let cell: MatrixView  // [(T+1)*B', U]: c before the window, then after each step
    private let tanhCell: MatrixView  // [T*B', U]
    private let dCell: MatrixView  // [B', U]
    private let carriedCell: CarriedState?

    public override init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, team: StepTeam? = nil,
        workspace: Workspace
    ) {
        recurrent = RecurrentProduct(parameters, weights: weights, training: capacity.training, team: team)
        let units = team?.division.units(of: parameters.hiddenSize).count ?? parameters.hiddenSize
        let streams = team?.division.streams ?? capacity.streams
        let rows = capacity.steps * streams
        cell = workspace.matrix(rows: rows + streams, columns: units)
        tanhCell = workspace.matrix(rows: rows, columns: units)
        dCell = workspace.matrix(rows: capacity.training ? streams : 0, columns: units)
        carriedCell =
            team == nil
            ? nil
            : CarriedState(
                steps: cell, gradient: dCell, streams: capacity.streams, hiddenSize: parameters.hiddenSize, workspace: workspace)
        super.init(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
    }

    override var carried: CarriedState? { carriedCell }

    override func makeStates() -> [MatrixView] {
        super.makeStates() + [carriedCell?.before ?? cell.prefix(rows: capacity.streams)]
    }

    override func stateGradient(_ index: Int) -> MatrixView { index == 0 ? dHidden : carriedCell?.dBefore ?? dCell }

    override func step(_ t: Int, previous: MatrixView) {
        let gates = stepGates(at: t)
        recurrent.multiply(previous, into: gates, from: .result)
        CellKernels.lstmForward(
            hidden: units.count, gates: gates, cPrevious: cell(at: t - 1).pointer,
            c: cell(at: t).pointer, tanhC: tanhCell.slice(rows: stepRange(t)).pointer, h: stepHidden(at: t).pointer)
    }

    override func beginBackward() { dCell.pointer.update(repeating: 0, count: dCell.count) }

    override func stepBackward(_ t: Int) {
        CellKernels.lstmBackward(
            hidden: units.count, gates: stepGates(at: t), cPrevious: cell(at: t - 1).pointer,
            tanhC: tanhCell.slice(rows: stepRange(t)).pointer, dH: dStepHidden.pointer, dC: dCell.pointer)
    }

    override func gradientBeforeStep(of dGates: MatrixView) { recurrent.multiplyBackward(dGates, into: dStepHidden) }

    public override func carryState(steps: Int) {
        super.carryState(steps: steps)
        if let carriedCell { return RowKernels.copy(carriedCell.after, into: carriedCell.before) }
        let count = capacity.streams * hiddenSize
        cell.pointer.update(from: cell.pointer + steps * count, count: count)
    }

    private func cell(at t: Int) -> MatrixView { cell.slice(rows: stepRange(t + 1)) }
}
