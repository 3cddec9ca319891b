public import Tensors

/// The gated recurrent unit with the reset after the product:
/// `n = tanh(W_in x + b_in + r*(W_hn hPrevious + b_hn))`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014 in the form of torch.nn.GRU. Kept for the backward pass: 7 T B H floats.
public final class GRULayer: RecurrentLayer {
    private let packedHidden: PackedMatrix
    private let packedHiddenBackward: PackedMatrix?
    /// The hidden product with its bias, then its gradient: `[T*B, 3H]`.
    private let fromHidden: MatrixView

    public override init(
        parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity, workspace: Workspace
    ) {
        packedHidden = weights.matrix(parameters.weightHidden, .forward)
        packedHiddenBackward = capacity.training ? weights.matrix(parameters.weightHidden, .backward) : nil
        fromHidden = workspace.spreadMatrix(rows: capacity.rows, columns: 3 * parameters.hiddenSize)
        super.init(parameters: parameters, weights: weights, capacity: capacity, workspace: workspace)
    }

    /// The hidden bias is inside the reset's product, so it stays with the hidden product.
    override func inputBias() -> UnsafePointer<Float> { UnsafePointer(parameters.biasInput.value) }

    override func step(_ t: Int) {
        let product = fromHidden.slice(rows: rowRange(t))
        packedHidden.multiply(hidden(at: t - 1), into: product, from: .bias(parameters.biasHidden.value))
        CellKernels.gruForward(
            hidden: hiddenSize, fromInput: gates(at: t), fromHidden: product,
            hPrevious: hidden(at: t - 1).pointer, h: hidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int, dH: MatrixView) {
        let dProduct = fromHidden.slice(rows: rowRange(t))
        CellKernels.gruBackward(
            hidden: hiddenSize, fromInput: gates(at: t), fromHidden: dProduct,
            hPrevious: hidden(at: t - 1).pointer, dH: dH.pointer)
        dHidden.pointer.update(from: dH.pointer, count: dH.count)
        packedHiddenBackward!.multiply(dProduct, into: dHidden, from: .result)
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
