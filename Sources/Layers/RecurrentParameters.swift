public import Tensors

/// The parameters of one recurrent layer, with PyTorch's shapes and order of gates.
public struct RecurrentParameters {
    /// `[G*H, I]`
    public let weightInput: Parameter
    /// `[G*H, H]`
    public let weightHidden: Parameter
    /// `[G*H]`
    public let biasInput: Parameter
    /// `[G*H]`
    public let biasHidden: Parameter
    /// The state at the start of an epoch, `[H]` each: h, and for an LSTM c. Empty where it is zero.
    public let initialStates: [Parameter]
    /// Whether the recurrent weights are packed gate by gate for the forward pass, so that ranks may divide the units among them.
    public let packedByGate: Bool

    public init(
        weightInput: Parameter, weightHidden: Parameter, biasInput: Parameter, biasHidden: Parameter,
        initialStates: [Parameter], packedByGate: Bool = false
    ) {
        self.weightInput = weightInput
        self.weightHidden = weightHidden
        self.biasInput = biasInput
        self.biasHidden = biasHidden
        self.initialStates = initialStates
        self.packedByGate = packedByGate
    }

    var inputSize: Int { weightInput.columns }
    var hiddenSize: Int { weightHidden.columns }
    var gateCount: Int { weightHidden.rows / weightHidden.columns }
}
