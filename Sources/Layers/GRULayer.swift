public import Tensors

/// The gated recurrent unit with the reset after the product:
/// `n = tanh(W_in x + b_in + r*(W_hn hPrevious + b_hn))`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014 in the form of torch.nn.GRU. Kept for the backward pass: 7 T B H floats.
public final class GRULayer: RecurrentLayer {
    private let recurrent: RecurrentProduct
    private let fromHidden: MatrixView  // [T*B', 3U]: the hidden product with its bias, then its gradient

    public override init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, team: StepTeam? = nil,
        workspace: Workspace
    ) {
        recurrent = RecurrentProduct(parameters, weights: weights, training: capacity.training, team: team)
        let units = team?.division.units(of: parameters.hiddenSize).count ?? parameters.hiddenSize
        let streams = team?.division.streams ?? capacity.streams
        fromHidden = workspace.spreadMatrix(rows: capacity.steps * streams, columns: 3 * units)
        super.init(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
    }

    override func makeGateSets() -> [MatrixView] { super.makeGateSets() + [fromHidden] }

    /// The hidden bias is inside the reset's product, so it stays with the hidden product.
    override func inputBias() -> UnsafePointer<Float> { UnsafePointer(parameters.biasInput.value) }

    override func step(_ t: Int, previous: MatrixView) {
        let product = fromHidden.slice(rows: stepRange(t))
        recurrent.multiply(previous, into: product, from: .bias(parameters.biasHidden.value))
        CellKernels.gruForward(
            hidden: units.count, fromInput: stepGates(at: t), fromHidden: product,
            hPrevious: stepHidden(at: t - 1).pointer, h: stepHidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int) {
        CellKernels.gruBackward(
            hidden: units.count, fromInput: stepGates(at: t), fromHidden: fromHidden.slice(rows: stepRange(t)),
            hPrevious: stepHidden(at: t - 1).pointer, dH: dStepHidden.pointer)
    }

    override func gradientBeforeStep(of dGates: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dStepHidden, from: .result)
    }

    override func hiddenGradients(steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightHidden, bias: parameters.biasHidden, steps: steps,
            dY: fromHidden.prefix(rows: steps * stepStreams), x: previousHidden(steps: steps), places: gatePlaces)
    }

    override func parameterGradients(_ input: MatrixView, steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightInput, bias: parameters.biasInput, steps: steps,
            dY: stepGates(steps: steps), x: input, places: gatePlaces)
        hiddenGradients(steps: steps, rows: rows)
    }
}
