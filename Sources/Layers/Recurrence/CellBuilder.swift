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
    private let isDivisible: Bool
    private let builder: Builder

    /// - Parameter isDivisible: whether a team may divide the units.
    init(_ parameters: RecurrentParameters, gates: GateRows, isDivisible: Bool, size: StepSize, _ builder: Builder) {
        self.parameters = parameters
        self.isDivisible = isDivisible
        self.size = size
        self.builder = builder
        gateSets = [gates]
    }

    /// The product with all recurrent weights.
    func product() -> RecurrentProduct {
        parameters.weightHidden = builder.gradient(of: parameters.weightHidden)
        return RecurrentProduct(parameters, units: size.units, byGate: isDivisible, builder)
    }

    /// The product with the recurrent weights of some gates, for cells whose units ranks do not divide.
    func product(gates: Range<Int>) -> RecurrentPart {
        RecurrentPart(
            parameters, columns: (gates.lowerBound * size.hiddenSize)..<(gates.upperBound * size.hiddenSize), builder)
    }

    /// A state besides h.
    func state(_ letter: String) -> StepState {
        let state = StepState(letter, keepsSteps: false, size, builder)
        states.append(state)
        return state
    }

    /// A matrix with rows for all steps, `[T*B', U]`.
    func stepRows() -> MatrixView {
        builder.workspace.matrix(rows: builder.capacity.steps * size.streams, columns: size.units.count)
    }

    /// A parameter with a number for each unit, `rnn.<name>_l<k>`, for cells whose units ranks do not divide.
    func unitVector(_ name: String, start: ParameterStart) -> UnitVector {
        let vector = UnitVector(
            parameter: builder.streamVector("rnn.\(name)_l\(parameters.number)", columns: size.hiddenSize, start: start),
            gradient: stepGradient())
        vectors.append(vector)
        return vector
    }

    /// A gradient that is passed from one part of a step to another, `[B', U]`.
    func stepGradient() -> MatrixView {
        builder.workspace.matrix(rows: builder.capacity.training ? size.streams : 0, columns: size.units.count)
    }

    /// Another set of gates, whose gradients are needed in complete rows.
    func gateRows() -> GateRows {
        let rows = GateRows(gateCount: parameters.gateCount, size, builder)
        gateSets.append(rows)
        return rows
    }
}

/// A cell's own parameter `[H]`, and its gradient in a window, `[B, H]`, to which each step adds.
struct UnitVector {
    let parameter: Parameter
    let gradient: MatrixView
}
