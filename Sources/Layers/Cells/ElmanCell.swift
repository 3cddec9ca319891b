import Tensors

/// The simple recurrent net: `h = f(W_ih x + b_ih + W_hh hPrevious + b_hh)`, f tanh, relu or the logistic function.
///
/// Source: Elman 1990; layout of torch.nn.RNN. With relu and an identity recurrent matrix: Le, Jaitly & Hinton 2015.
struct ElmanCell: Cell {
    static let gateCount = 1

    private let kernel: CellKernel
    private let recurrent: RecurrentProduct

    init(_ options: CellOptions, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + options.nonlinearity.rawValue)
        recurrent = builder.product()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(step.arithmetic)
    }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }
}
