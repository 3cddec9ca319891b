public import Tensors

/// The gated recurrent unit with the reset after the product:
/// `n = tanh(W_in x + b_in + r*(W_hn hPrevious + b_hn))`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014 in the form of torch.nn.GRU. Kept for the backward pass: 7 T B H floats.
public final class GRULayer: RecurrentLayer {
    private let recurrent: RecurrentProduct
    /// The hidden product with its bias, then its gradient: `[T*B', 3U]` in the steps, `[T*B, 3H]` in the window.
    private let stepFromHidden: MatrixView
    private let fromHidden: MatrixView

    public override init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, team: StepTeam? = nil,
        workspace: Workspace
    ) {
        recurrent = RecurrentProduct(parameters, weights: weights, training: capacity.training, team: team)
        fromHidden = workspace.gradientMatrix(rows: capacity.rows, columns: 3 * parameters.hiddenSize)
        stepFromHidden =
            team.map {
                workspace.spreadMatrix(
                    rows: capacity.steps * $0.division.streams, columns: 3 * $0.division.units(of: parameters.hiddenSize).count)
            } ?? fromHidden
        super.init(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
    }

    override func makeGateSets() -> [(step: MatrixView, window: MatrixView)] {
        super.makeGateSets() + [(stepFromHidden, fromHidden)]
    }

    /// The hidden bias is inside the reset's product, so it stays with the hidden product.
    override func inputBias() -> UnsafePointer<Float> { UnsafePointer(parameters.biasInput.value) }

    override func step(_ t: Int, previous: MatrixView) {
        let product = stepFromHidden.slice(rows: stepRange(t))
        recurrent.multiply(previous, into: product, from: .bias(parameters.biasHidden.value))
        CellKernels.gruForward(
            hidden: units.count, fromInput: stepGates(at: t), fromHidden: product,
            hPrevious: stepHidden(at: t - 1).pointer, h: stepHidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int) {
        CellKernels.gruBackward(
            hidden: units.count, fromInput: stepGates(at: t), fromHidden: stepFromHidden.slice(rows: stepRange(t)),
            hPrevious: stepHidden(at: t - 1).pointer, dH: dStepHidden.pointer)
    }

    override func gradientBeforeStep(of dGates: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dStepHidden, from: .result)
    }

    override func hiddenGradients(steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightHidden, bias: parameters.biasHidden, steps: steps,
            dY: fromHidden.prefix(rows: steps * capacity.streams), x: previousHidden(steps: steps))
    }

    override func parameterGradients(_ input: MatrixView, steps: Int, rows: GradientRows) {
        rows.weightGradient(
            parameters.weightInput, bias: parameters.biasInput, steps: steps,
            dY: gates.prefix(rows: steps * capacity.streams), x: input)
        hiddenGradients(steps: steps, rows: rows)
    }
}
