import Tensors

/// The parameters of one recurrent layer, with PyTorch's names, shapes and gate order.
struct RecurrentParameters {
    /// `[G*H, I]`
    let weightInput: Parameter
    /// `[G*H]`
    let biasInput: Parameter
    private var recurrent: (weight: Parameter, bias: Parameter)?
    /// The initial states of an epoch, `[H]` each: h, then the cell's others. Empty if they are zero.
    let firstStates: [Parameter]
    /// The layer's index in the stack.
    let number: Int
    let hiddenSize: Int
    let gateCount: Int

    init<C: Cell>(of cell: C.Type, _ shape: RecurrentShape, _ builder: Builder) {
        let (k, h) = (shape.number, shape.hiddenSize)
        let n = C.gateCount * h
        weightInput = builder.gradient(
            of: builder.parameter("rnn.weight_ih_l\(k)", [n, shape.inputSize], start: .input(outputs: h)))
        let weightHidden = C.hasRecurrentWeights ? builder.parameter("rnn.weight_hh_l\(k)", [n, h], start: .recurrent) : nil
        biasInput = builder.parameter(
            "rnn.bias_ih_l\(k)", [n], start: C.forgetGate.map { .forgetting(($0 * h)..<(($0 + 1) * h)) } ?? .zero)
        recurrent = weightHidden.map { ($0, builder.parameter("rnn.bias_hh_l\(k)", [n])) }
        firstStates =
            shape.learnsFirstState
            ? (["h"] + C.learnedStates).map { builder.streamVector("rnn.\($0)0_l\(k)", columns: h) } : []
        number = k
        hiddenSize = h
        gateCount = C.gateCount
    }

    /// `[G*H, H]`, of a cell that has recurrent weights.
    var weightHidden: Parameter {
        get { ofRecurrence.weight }
        set { recurrent?.weight = newValue }
    }

    /// `[G*H]`, of a cell that has recurrent weights.
    var biasHidden: Parameter { ofRecurrence.bias }

    private var ofRecurrence: (weight: Parameter, bias: Parameter) {
        guard let recurrent else { preconditionFailure("the cell has no recurrent weights") }
        return recurrent
    }
}
