public import Tensors

/// The simple recurrent net: `h = f(W_ih x + b_ih + W_hh hPrevious + b_hh)`, f tanh, relu or the logistic function.
///
/// Source: Elman 1990; layout of torch.nn.RNN. With relu and an identity recurrent matrix: Le, Jaitly & Hinton 2015.
/// Kept for the backward pass: 2 T B H floats.
public final class ElmanLayer: RecurrentLayer {
    private let nonlinearity: Nonlinearity
    private let recurrent: RecurrentProduct

    public init(
        nonlinearity: Nonlinearity, parameters: RecurrentParameters, weights: PackedWeights, capacity: WindowCapacity,
        team: StepTeam? = nil, workspace: Workspace
    ) {
        self.nonlinearity = nonlinearity
        recurrent = RecurrentProduct(parameters, weights: weights, training: capacity.training, team: team)
        super.init(parameters: parameters, weights: weights, capacity: capacity, team: team, workspace: workspace)
    }

    override func step(_ t: Int, previous: MatrixView) {
        let preactivations = stepGates(at: t)
        recurrent.multiply(previous, into: preactivations, from: .result)
        nonlinearity.forward(preactivations, h: stepHidden(at: t).pointer)
    }

    override func stepBackward(_ t: Int) {
        nonlinearity.backward(h: stepHidden(at: t).pointer, dH: dStepHidden.pointer, into: stepGates(at: t))
    }

    override func gradientBeforeStep(of dGates: MatrixView) { recurrent.multiplyBackward(dGates, into: dStepHidden) }
}
