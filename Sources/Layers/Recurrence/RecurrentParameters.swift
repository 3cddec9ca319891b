import Tensors

/// The parameters of one recurrent layer, with PyTorch's names, shapes and order of gates.
struct RecurrentParameters {
    /// `[G*H, I]`
    let weightInput: Parameter
    /// `[G*H, H]`
    var weightHidden: Parameter
    /// `[G*H]`
    let biasInput: Parameter
    /// `[G*H]`
    let biasHidden: Parameter
    /// The states at the start of an epoch, `[H]` each: h, then the cell's others. Empty where they are zero.
    let firstStates: [Parameter]
    let hiddenSize: Int
    let gateCount: Int

    init<C: Cell>(of cell: C.Type, _ shape: RecurrentShape, _ builder: Builder) {
        let (k, h) = (shape.number, shape.hiddenSize)
        let n = C.gateCount * h
        weightInput = builder.gradient(
            of: builder.parameter("rnn.weight_ih_l\(k)", [n, shape.inputSize], start: .input(outputs: h)))
        weightHidden = builder.parameter("rnn.weight_hh_l\(k)", [n, h], start: .recurrent)
        biasInput = builder.parameter(
            "rnn.bias_ih_l\(k)", [n], start: C.forgetGate.map { .forgetting(($0 * h)..<(($0 + 1) * h)) } ?? .zero)
        biasHidden = builder.parameter("rnn.bias_hh_l\(k)", [n])
        firstStates =
            shape.learnsFirstState
            ? (["h"] + C.states).map { builder.firstState("rnn.\($0)0_l\(k)", columns: h) } : []
        hiddenSize = h
        gateCount = C.gateCount
    }
}
