import Tensors

/// A weight `[n, m]`, packed for products in the steps of a layer whose units are not divided.
struct CellWeight {
    private let weight: Parameter
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?

    init(_ weight: Parameter, _ builder: Builder) {
        self.weight = weight
        packed = builder.packed(weight, .forward)
        packedBackward = builder.packedBackward(weight)
    }

    /// `y = start + x W^T`: `x` `[rows, m]`, `y` `[rows, n]`.
    func multiply(_ x: MatrixView, into y: MatrixView, from start: ProductStart = .zero) {
        packed.multiply(x, into: y, from: start)
    }

    /// `dX = start + dY W`: `dY` `[rows, n]`, `dX` `[rows, m]`.
    func multiplyBackward(_ dY: MatrixView, into dX: MatrixView, from start: ProductStart = .zero) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        packedBackward.multiply(dY, into: dX, from: start)
    }

    /// The gradients of the weight and of a bias that is added to its products, from the rows of a window: `dY` `[steps*B, n]`, from
    /// `CellBuilder.gradientRows`, and `x` `[steps*B, m]`.
    func gradient(_ window: RecurrentWindow, bias: Parameter? = nil, dY: MatrixView, x: MatrixView) {
        window.rows.weightGradient(weight, bias: bias, steps: window.steps, dY: dY, x: x)
    }
}
