import Tensors

/// The parameters of one recurrent layer, with PyTorch's names, shapes and gate order.
struct RecurrentParameters {
    /// `[G*H, I]`
    let weightInput: Parameter
    /// `[G*H]`
    let biasInput: Parameter
    private var recurrent: (weight: Parameter, bias: Parameter)?
    /// The initial states of an epoch: h `[O]`, then the cell's others, `[H]` each. Empty if they are zero.
    let firstStates: [Parameter]
    /// The layer's index in the stack.
    let number: Int
    let hiddenSize: Int
    let gateCount: Int

    init<C: Cell>(of cell: C.Type, _ shape: RecurrentShape, _ builder: Builder) {
        let (k, h) = (shape.number, shape.hiddenSize)
        let outputs = shape.outputSize(of: C.self)
        let n = C.gateCount * h
        func bias(_ name: String, _ start: ParameterStart = .zero) -> Parameter {
            C.addsBiasesItself
                ? builder.streamVector("rnn.\(name)_l\(k)", columns: n, start: start)
                : builder.parameter("rnn.\(name)_l\(k)", [n], start: start)
        }
        weightInput = builder.gradient(
            of: builder.parameter("rnn.weight_ih_l\(k)", [n, shape.inputSize], start: .input(outputs: h)))
        let transition = shape.settings[CellSettings.transitionSize]
        let read = transition > 0 ? transition : outputs
        // Only square blocks can be orthogonal.
        let weightHidden =
            C.hasRecurrentWeights
            ? builder.parameter("rnn.weight_hh_l\(k)", [n, read], start: read == h ? .recurrent : .input(outputs: h)) : nil
        biasInput = bias("bias_ih", C.forgetGate.map { .forgetting(($0 * h)..<(($0 + 1) * h)) } ?? .zero)
        recurrent = weightHidden.map { ($0, bias("bias_hh")) }
        firstStates =
            shape.learnsFirstState && C.learnsFirstState
            ? (["h"] + C.learnedStates).map {
                builder.streamVector("rnn.\($0)0_l\(k)", columns: $0 == "h" ? outputs : h)
            } : []
        number = k
        hiddenSize = h
        gateCount = C.gateCount
    }

    /// `[G*H, O]`, or `[G*H, n]` behind a transition, of a cell that has recurrent weights.
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
