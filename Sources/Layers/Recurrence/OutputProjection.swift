import Tensors

/// The outputs of a cell whose h is not its units, `y = m W^T + b` with the units m `[U]` and y `[O]`: the projection of an LSTM,
/// or the outputs of a Jordan cell.
struct OutputProjection {
    private let weight: CellWeight
    private let bias: Parameter?
    /// Gradients of y, `[T*B, O]`.
    private let dOutput: MatrixView

    /// The weight `rnn.<weight>_l<k>` `[O, H]`, and a bias `[O]` if it has a name.
    init(weight: String, bias: String? = nil, _ builder: CellBuilder) {
        let size = builder.size
        self.weight = builder.weight(weight, rows: size.outputSize, columns: size.hiddenSize)
        self.bias = bias.map { builder.bias($0, columns: size.outputSize) }
        dOutput = builder.gradientRows(columns: size.outputSize)
    }

    /// `y` `[B, O]` of a step from its units `[B, H]`.
    func forward(_ units: MatrixView, into y: MatrixView) {
        weight.multiply(units, into: y, from: bias.map { .bias($0.value) } ?? .zero)
    }

    /// The rows of a step for the gradient of y, `[B, O]`, which `backward` reads.
    func gradientRows(_ step: StepView) -> MatrixView { step.rows(of: dOutput) }

    /// `dUnits = start +` the gradient of the units, `[B, H]`.
    func backward(_ step: StepView, into dUnits: MatrixView, from start: ProductStart = .zero) {
        weight.multiplyBackward(gradientRows(step), into: dUnits, from: start)
    }

    /// The gradients of the weight and of the bias after a window; `units` `[T*B, H]`.
    func gradients(_ window: RecurrentWindow, units: MatrixView) {
        weight.gradient(window, bias: bias, dY: window.used(dOutput), x: window.used(units))
    }
}
