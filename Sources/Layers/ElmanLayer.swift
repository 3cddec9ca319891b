public import Tensors

/// The simple recurrent net: `h = f(W_ih x + b_ih + W_hh hPrevious + b_hh)`, f tanh, relu or the logistic function.
///
/// Source: Elman 1990; layout of torch.nn.RNN. With relu and an identity recurrent matrix: Le, Jaitly & Hinton 2015.
/// Kept for the backward pass: 2 T B H floats.
public final class ElmanLayer: RecurrentLayer {
    private let nonlinearity: Nonlinearity
    private let packedHidden: PackedMatrix
    private let packedHiddenBackward: PackedMatrix?

    public init(
        nonlinearity: Nonlinearity, parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity,
        workspace: Workspace
    ) {
        self.nonlinearity = nonlinearity
        packedHidden = weights.matrix(parameters.weightHidden, .forward)
        packedHiddenBackward = capacity.training ? weights.matrix(parameters.weightHidden, .backward) : nil
        super.init(parameters: parameters, weights: weights, capacity: capacity, workspace: workspace)
    }

    override func step(_ t: Int) {
        let preactivations = gates(at: t)
        packedHidden.multiply(hidden(at: t - 1), into: preactivations, from: .result)
        nonlinearity.forward(preactivations, h: hidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int, dH: MatrixView) {
        let dGates = gates(at: t)
        nonlinearity.backward(h: hidden(at: t).pointer, dH: dH.pointer, into: dGates)
        packedHiddenBackward!.multiply(dGates, into: dHidden)
    }
}
