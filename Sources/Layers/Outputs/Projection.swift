import Tensors

/// A weight `[rows, columns]` without bias, for products with rows of a window in an output layer.
struct Projection {
    let weight: Parameter
    let packed: PackedMatrix
    private let packedBackward: PackedMatrix?

    init(_ name: String, rows: Int, columns: Int, _ builder: Builder) {
        let matrix = builder.parameter(name, [rows, columns], start: .input(outputs: rows), .rank)
        weight = builder.gradient(of: matrix, .rank)
        packed = builder.packed(weight, .forward)
        packedBackward = builder.packedBackward(weight)
    }

    /// `dX = start + dY * weight`.
    func propagate(_ dY: MatrixView, into dX: MatrixView, from start: ProductStart) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        packedBackward.multiply(dY, into: dX, from: start)
    }
}
