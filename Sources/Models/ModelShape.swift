internal import Layers
public import Tensors

/// The kind of recurrent cell.
public enum CellKind: String, Codable, CaseIterable, Sendable {
    case elman, gru, lstm

    /// Gates: rows of the weights in units of H.
    public var gateCount: Int {
        switch self {
        case .elman: 1
        case .gru: 3
        case .lstm: 4
        }
    }

    /// State vectors a layer: h, and for the LSTM c.
    public var stateCount: Int { self == .lstm ? 2 : 1 }
}

/// Where a GRU applies its reset gate: to the hidden product (PyTorch), or to the state before it (Cho et al. 2014).
public enum GRUReset: String, Codable, CaseIterable, Sendable {
    case after, before
}

/// The state at the start of an epoch.
public enum InitialState: String, Codable, CaseIterable, Sendable {
    case zero, learned
}

/// What a language model looks like: everything that decides its parameters' names and shapes, and its equations.
public struct ModelShape: Sendable, Equatable {
    public var cell: CellKind
    /// For Elman cells.
    public var nonlinearity: Nonlinearity
    /// For GRUs.
    public var gruReset: GRUReset
    public var layers: Int
    public var vocabularySize: Int
    public var embeddingSize: Int
    public var hiddenSize: Int
    /// One table for embedding and output; needs `embeddingSize == hiddenSize`.
    public var tieWeights: Bool
    public var initialState: InitialState

    public init(
        cell: CellKind, nonlinearity: Nonlinearity = .tanh, gruReset: GRUReset = .after, layers: Int, vocabularySize: Int,
        embeddingSize: Int, hiddenSize: Int, tieWeights: Bool = false, initialState: InitialState = .zero
    ) {
        precondition(layers > 0 && vocabularySize > 0 && embeddingSize > 0 && hiddenSize > 0, "a size of a model is 0")
        precondition(!tieWeights || embeddingSize == hiddenSize, "tied weights of sizes \(embeddingSize) and \(hiddenSize)")
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.gruReset = gruReset
        self.layers = layers
        self.vocabularySize = vocabularySize
        self.embeddingSize = embeddingSize
        self.hiddenSize = hiddenSize
        self.tieWeights = tieWeights
        self.initialState = initialState
    }

    /// The size of layer `k`'s input.
    public func inputSize(ofLayer k: Int) -> Int { k == 0 ? embeddingSize : hiddenSize }

    /// PyTorch's names and shapes, in the order of the arena.
    public var parameterLayout: ParameterLayout {
        var layout = ParameterLayout()
        layout.append("encoder.weight", shape: [vocabularySize, embeddingSize])
        let gateRows = cell.gateCount * hiddenSize
        for k in 0..<layers {
            layout.append("rnn.weight_ih_l\(k)", shape: [gateRows, inputSize(ofLayer: k)])
            layout.append("rnn.weight_hh_l\(k)", shape: [gateRows, hiddenSize])
            layout.append("rnn.bias_ih_l\(k)", shape: [gateRows])
            layout.append("rnn.bias_hh_l\(k)", shape: [gateRows])
            for name in learnedStateNames(ofLayer: k) { layout.append(name, shape: [hiddenSize]) }
        }
        if !tieWeights { layout.append("decoder.weight", shape: [vocabularySize, hiddenSize]) }
        layout.append("decoder.bias", shape: [vocabularySize])
        return layout
    }

    /// The weights as the model's products need them packed; those of the backward pass in training alone.
    public func packedLayout(training: Bool, precision: Precision = .fp32) -> PackedLayout {
        let forms: [PackedOperand.Form] = training ? [.forward, .backward] : [.forward]
        let gateRows = cell.gateCount * hiddenSize
        func whole(_ name: String, rows: Int) -> [PackedOperand] {
            forms.map { PackedOperand(name: name, rows: 0..<rows, form: $0) }
        }
        func hidden(_ k: Int) -> [PackedOperand] {
            forms.flatMap { form in
                hiddenParts(form).map { PackedOperand(name: "rnn.weight_hh_l\(k)", rows: $0, form: form) }
            }
        }
        let operands =
            (0..<layers).flatMap { whole("rnn.weight_ih_l\($0)", rows: gateRows) + hidden($0) }
            + whole(outputWeightName, rows: vocabularySize)
        return PackedLayout(operands, of: parameterLayout, precision: precision)
    }

    /// The rows of the recurrent weights that a product of the steps takes.
    private func hiddenParts(_ form: PackedOperand.Form) -> [Range<Int>] {
        let gateRows = cell.gateCount * hiddenSize
        // With the reset before the product, the candidate has a product of its own.
        if cell == .gru && gruReset == .before { return [0..<(2 * hiddenSize), (2 * hiddenSize)..<gateRows] }
        guard dividesUnits && form == .forward else { return [0..<gateRows] }
        return (0..<cell.gateCount).map { ($0 * hiddenSize)..<(($0 + 1) * hiddenSize) }
    }

    /// Whether ranks of a node divide the units of a step among them, instead of working on streams of their own: where a layer's recurrent
    /// weights are more than a core's own cache holds. Not with the reset before the product, which has two products in turn.
    public var dividesUnits: Bool {
        guard cell != .gru || gruReset == .after else { return false }
        return cell.gateCount * hiddenSize * hiddenSize * MemoryLayout<Float>.size > Self.coreCacheBytes
    }

    /// About what a core's own cache holds besides a step's activations.
    static let coreCacheBytes = 1 << 20

    /// Floats that a team shares, for all layers in turn.
    public func teamFloatCount(streams: Int) -> Int {
        StepRing.count(
            streams: streams, gateColumns: cell.gateCount * hiddenSize, hiddenSize: hiddenSize, sets: cell == .gru ? 2 : 1)
    }

    /// The output's matrix, which may be the embedding's.
    var outputWeightName: String { tieWeights ? "encoder.weight" : "decoder.weight" }

    /// The learned initial states of layer `k`; none where the state starts at zero.
    func learnedStateNames(ofLayer k: Int) -> [String] {
        guard initialState == .learned else { return [] }
        return stateLetters.map { "rnn.\($0)0_l\(k)" }
    }

    /// `h`, and for an LSTM `c`.
    public var stateLetters: [String] { cell == .lstm ? ["h", "c"] : ["h"] }

    /// Floating-point operations of the products for one token, forward; training takes three times as many.
    public var forwardOperationsPerToken: Double {
        let recurrent = (0..<layers).reduce(0) { $0 + cell.gateCount * hiddenSize * (inputSize(ofLayer: $1) + hiddenSize) }
        return 2 * Double(recurrent + vocabularySize * hiddenSize)
    }
}
