import Tensors

/// Allocates what a cell's initialiser requests, in the sizes of its layer's steps: B' streams, U units.
final class CellBuilder {
    /// The parameters of the layer.
    private(set) var parameters: RecurrentParameters
    let size: StepSize
    /// The states besides h, in the order of `Cell.states`.
    private(set) var states: [StepState] = []
    /// The cell's own parameters.
    private(set) var vectors: [UnitVector] = []
    /// The layer's gates, followed by those that the cell requested.
    private(set) var gateSets: [GateRows]
    /// The product with the input weights, for a cell that reads the input itself.
    let inputProduct: CellWeight
    private let isDivisible: Bool
    private let builder: Builder

    /// - Parameter isDivisible: whether a team may divide the units.
    init(
        _ parameters: RecurrentParameters, inputProduct: CellWeight, gates: GateRows, isDivisible: Bool, size: StepSize,
        _ builder: Builder
    ) {
        self.parameters = parameters
        self.inputProduct = inputProduct
        self.isDivisible = isDivisible
        self.size = size
        self.builder = builder
        gateSets = [gates]
    }

    /// The product with all recurrent weights.
    func product() -> RecurrentProduct {
        parameters.weightHidden = builder.gradient(of: parameters.weightHidden)
        return RecurrentProduct(
            parameters, units: size.units, outputs: size.isDivided ? size.units : 0..<parameters.weightHidden.columns,
            byGate: isDivisible,
            builder)
    }

    /// The product with the recurrent weights of some gates, for cells whose units ranks do not divide.
    func product(gates: Range<Int>) -> RecurrentPart {
        RecurrentPart(
            parameters, columns: (gates.lowerBound * size.hiddenSize)..<(gates.upperBound * size.hiddenSize), builder)
    }

    /// A state besides h, of U columns, or of `columns` for cells whose units ranks do not divide.
    func state(_ letter: String, columns: Int? = nil) -> StepState {
        let state = StepState(letter, keepsSteps: false, columns: columns, size, builder)
        states.append(state)
        return state
    }

    /// A matrix with rows for all steps, `[T*B', U]` or `[T*B', columns]`.
    func stepRows(columns: Int? = nil) -> MatrixView {
        builder.workspace.matrix(rows: builder.capacity.steps * size.streams, columns: columns ?? size.units.count)
    }

    /// A matrix `[T*B, columns]` for the `dY` of the gradient of one of the cell's own weights.
    func gradientRows(columns: Int) -> MatrixView { builder.gradientRows(columns: columns) }

    /// One of the cell's own weights, `rnn.<name>_l<k>` `[rows, columns]`, for cells whose units ranks do not divide.
    func weight(_ name: String, rows: Int, columns: Int) -> CellWeight {
        let weight = builder.parameter("rnn.\(name)_l\(parameters.number)", [rows, columns], start: .input(outputs: rows))
        return CellWeight(builder.gradient(of: weight), builder)
    }

    /// The bias of such a weight, `rnn.<name>_l<k>` `[columns]`.
    func bias(_ name: String, columns: Int) -> Parameter {
        builder.parameter("rnn.\(name)_l\(parameters.number)", [columns])
    }

    /// A parameter with a number for each unit, or for each of `columns`, `rnn.<name>_l<k>`, for cells whose units ranks do not divide.
    func unitVector(_ name: String, columns: Int? = nil, start: ParameterStart) -> UnitVector {
        unitVector(
            builder.streamVector(
                "rnn.\(name)_l\(parameters.number)", columns: columns ?? size.hiddenSize, start: start))
    }

    /// A parameter of the layer. `gradient` is that of another vector, if both have the same gradient.
    func unitVector(_ parameter: Parameter, gradient: MatrixView? = nil) -> UnitVector {
        let vector = UnitVector(parameter: parameter, gradient: gradient ?? stepGradient(columns: parameter.columns))
        vectors.append(vector)
        return vector
    }

    /// A gradient that is passed from one part of a step to another, `[B', U]` or `[B', columns]`.
    func stepGradient(columns: Int? = nil) -> MatrixView {
        builder.workspace.matrix(
            rows: builder.capacity.training ? size.streams : 0, columns: columns ?? size.units.count)
    }

    /// Another set of gates, whose gradients are needed in complete rows.
    func gateRows() -> GateRows {
        let rows = GateRows(gateCount: parameters.gateCount, size, builder)
        gateSets.append(rows)
        return rows
    }
}

/// A cell's own parameter `[n]`, and its gradient in a window, `[B, n]`, to which each step adds.
struct UnitVector {
    let parameter: Parameter
    let gradient: MatrixView
}
