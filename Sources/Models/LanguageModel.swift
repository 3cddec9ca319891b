public import Layers
public import Tensors

/// A recurrent language model over windows: embedding, recurrent layers, softmax output with its loss, dropout between them.
///
/// One instance works on the streams of one rank. Parameters are seen, not owned; activations are allocated once. The order of calls for a step is
/// `forward`, `loss`, `backward`, `carryState`; whoever changes parameters packs them anew in `PackedWeights`.
public final class LanguageModel {
    public let shape: ModelShape
    public let capacity: WindowCapacity
    private let dropout: Dropout
    private let embedding: Embedding
    private let layers: [RecurrentLayer]
    private let outputLayer: OutputLayer
    /// What layer k read: the embedding or the layer below, after dropout. `[T*B, inputSize]`, one a layer and one for the output.
    private let dropped: [MatrixView]
    /// Gradients by layer outputs, `[T*B, H]`, and by the embedding, `[T*B, E]`.
    private let dHidden: [MatrixView]
    private let dEmbedded: MatrixView?
    /// Room for what each distinct token gives to the lowest layer's gates, and for their gradients: `[T*B, G*H]`, spread.
    private let tokenGates: MatrixView
    /// What the output layer reads of the window at hand, `[steps*streams, H]`.
    private var top: MatrixView
    private let workspace: Workspace

    /// - Parameters:
    ///   - parameters: over `shape.parameterLayout`.
    ///   - weights: the same, packed over `shape.packedLayout`.
    ///   - dropoutProbability: on every non-recurrent connection, in training alone.
    ///   - shared: the memory and the gradients of ranks that make weight gradients together.
    ///   - sharesOutput: whether those of the output are among them.
    ///   - team: the ranks with which this one divides the recurrences' steps; all of them make the same calls then. Only for shapes that
    ///     divide their units.
    public init(
        shape: ModelShape, parameters: ParameterSet, weights: PackedWeights, capacity: WindowCapacity,
        dropoutProbability: Float = 0, shared: SharedGradients? = nil, sharesOutput: Bool = false, team: StepTeam? = nil
    ) {
        precondition(team == nil || shape.dividesUnits, "a team for a model that does not divide its units")
        precondition(parameters.layout == shape.parameterLayout, "parameters of another model")
        self.shape = shape
        self.capacity = capacity
        dropout = Dropout(probability: dropoutProbability)
        let workspace = Workspace(shared: shared)
        self.workspace = workspace
        embedding = Embedding(
            weight: parameters.parameter("encoder.weight"), capacity: capacity, workspace: workspace)
        layers = (0..<shape.layers).map {
            Self.makeLayer(
                $0, shape: shape, parameters: parameters, weights: weights, capacity: capacity, team: team,
                workspace: workspace)
        }
        outputLayer = OutputLayer(
            weight: parameters.parameter(shape.outputWeightName), bias: parameters.parameter("decoder.bias"),
            weights: weights, capacity: capacity, shares: sharesOutput, workspace: workspace)
        let inputSizes = (0..<shape.layers).map(shape.inputSize) + [shape.hiddenSize]
        let dropping = capacity.training && dropoutProbability > 0
        dropped = dropping ? inputSizes.map { workspace.matrix(rows: capacity.rows, columns: $0) } : []
        dHidden =
            capacity.training
            ? (0..<shape.layers).map { _ in workspace.matrix(rows: capacity.rows, columns: shape.hiddenSize) } : []
        dEmbedded = capacity.training ? workspace.matrix(rows: capacity.rows, columns: shape.embeddingSize) : nil
        tokenGates = workspace.gradientMatrix(rows: capacity.rows, columns: shape.cell.gateCount * shape.hiddenSize)
        top = layers[shape.layers - 1].output.prefix(rows: 0)
    }

    private static func makeLayer(
        _ k: Int, shape: ModelShape, parameters: ParameterSet, weights: PackedWeights, capacity: WindowCapacity,
        team: StepTeam?, workspace: Workspace
    ) -> RecurrentLayer {
        let own = RecurrentParameters(
            weightInput: parameters.parameter("rnn.weight_ih_l\(k)"),
            weightHidden: parameters.parameter("rnn.weight_hh_l\(k)"),
            biasInput: parameters.parameter("rnn.bias_ih_l\(k)"), biasHidden: parameters.parameter("rnn.bias_hh_l\(k)"),
            initialStates: shape.learnedStateNames(ofLayer: k).map(parameters.parameter),
            packedByGate: shape.dividesUnits)
        switch (shape.cell, shape.gruReset) {
        case (.elman, _):
            return ElmanLayer(
                nonlinearity: shape.nonlinearity, parameters: own, weights: weights, capacity: capacity, team: team,
                workspace: workspace)
        case (.lstm, _):
            return LSTMLayer(parameters: own, weights: weights, capacity: capacity, team: team, workspace: workspace)
        case (.gru, .after):
            return GRULayer(parameters: own, weights: weights, capacity: capacity, team: team, workspace: workspace)
        case (.gru, .before):
            return ResetBeforeGRULayer(parameters: own, weights: weights, capacity: capacity, workspace: workspace)
        }
    }

    /// Bytes of activations and caches.
    public var byteCount: Int { workspace.byteCount + outputLayer.byteCount }

    /// The most columns of a weight, for the gradients' scratch.
    public static func widestInput(of shape: ModelShape) -> Int { max(shape.embeddingSize, shape.hiddenSize) }

    // MARK: State

    /// The state vectors, `[streams, H]` each, by name: `h_l0`, `c_l0`, `h_l1` and so on.
    public var states: [(name: String, matrix: MatrixView)] {
        layers.enumerated().flatMap { k, layer in
            zip(shape.stateLetters, layer.states).map { ("\($0)_l\(k)", $1) }
        }
    }

    /// Sets the state to that at the start of an epoch.
    public func resetState() { layers.forEach { $0.resetState() } }

    /// Makes the state after the window the one before the next.
    public func carryState(steps: Int) {
        for layer in layers { layer.carryState(steps: steps) }
    }

    // MARK: Forward and backward

    /// Runs the window from the state to the topmost layer's output; dropout where a key is given.
    ///
    /// Shape: `inputs` `[steps, streams]`.
    public func forward(_ inputs: UnsafePointer<Int32>, steps: Int, dropoutKey: Dropout.Key? = nil) {
        if drops(dropoutKey) {
            embedding.forward(inputs, steps: steps)
            layers[0].forward(readBy(0, steps: steps, dropoutKey: dropoutKey, drop: true), steps: steps)
        } else {
            layers[0].forward(embedding.distinctRows(inputs, steps: steps), products: tokenGates, steps: steps)
        }
        for k in 1..<layers.count {
            layers[k].forward(readBy(k, steps: steps, dropoutKey: dropoutKey, drop: true), steps: steps)
        }
        top = readBy(layers.count, steps: steps, dropoutKey: dropoutKey, drop: true)
    }

    /// The loss of each row of the window in nats, 0 where `mask` is 0, after `forward`.
    ///
    /// What `backward` propagates is the gradient of `gradientScale` times the losses' sum.
    public func loss(
        targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float = 0
    ) -> UnsafePointer<Double> {
        outputLayer.loss(top, targets: targets, mask: mask, gradientScale: gradientScale)
    }

    /// The loss of some rows of the window, `[rows.count]` in nats, to the same bits as among all; `targets` and `mask` are of these rows. There is no
    /// backward pass after it.
    public func loss(
        ofRows rows: Range<Int>, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> UnsafePointer<Double> {
        outputLayer.loss(top.slice(rows: rows), targets: targets, mask: mask, gradientScale: 0)
    }

    /// Logits of the window's rows, `[steps*streams, V]`, after `forward`.
    public func logits() -> MatrixView { outputLayer.logits(top) }

    /// Overwrites every parameter's gradients with those of the window, after `forward` (same arguments) and `loss`.
    public func backward(
        _ inputs: UnsafePointer<Int32>, steps: Int, rows: GradientRows, atEpochStart: Bool, dropoutKey: Dropout.Key? = nil
    ) {
        let used = steps * capacity.streams
        outputBackward(steps: steps, rows: rows, dropoutKey: dropoutKey)
        for k in stride(from: layers.count - 1, to: 0, by: -1) {
            let dBelow = dHidden[k - 1].prefix(rows: used)
            layers[k].backward(
                readBy(k, steps: steps, dropoutKey: dropoutKey, drop: false), dOutput: dHidden[k].prefix(rows: used),
                dInput: dBelow, steps: steps, rows: rows, atEpochStart: atEpochStart)
            drop(dBelow, into: dBelow, layer: k, steps: steps, key: dropoutKey)
        }
        lowestBackward(inputs, steps: steps, rows: rows, atEpochStart: atEpochStart, dropoutKey: dropoutKey)
    }

    /// The lowest layer's part, and the gradient of the embedding.
    private func lowestBackward(
        _ inputs: UnsafePointer<Int32>, steps: Int, rows: GradientRows, atEpochStart: Bool, dropoutKey: Dropout.Key?
    ) {
        guard let dEmbedded else { preconditionFailure("a backward pass through a model made for inference") }
        let used = steps * capacity.streams
        let dLowest = dHidden[0].prefix(rows: used)
        if drops(dropoutKey) {
            let dRows = dEmbedded.prefix(rows: used)
            layers[0].backward(
                readBy(0, steps: steps, dropoutKey: dropoutKey, drop: false), dOutput: dLowest, dInput: dRows, steps: steps,
                rows: rows, atEpochStart: atEpochStart)
            drop(dRows, into: dRows, layer: 0, steps: steps, key: dropoutKey)
            embeddingGradient(inputs, of: rows, tokenSteps: steps, dY: dRows, steps: steps, rows: rows)
        } else {
            let merged = embedding.mergedRows(inputs, steps: steps, rows: rows)
            let dRows = dEmbedded.prefix(rows: merged.tokens.count)
            layers[0].backward(
                merged, products: tokenGates, dOutput: dLowest, dInput: dRows, steps: steps, rows: rows,
                atEpochStart: atEpochStart)
            embeddingGradient(merged.tokens.tokens, of: merged.rows, tokenSteps: 1, dY: dRows, steps: steps, rows: rows)
        }
    }

    /// The gradient of the topmost layer's output, and those of the decoder where the embedding has no share in them.
    private func outputBackward(steps: Int, rows: GradientRows, dropoutKey: Dropout.Key?) {
        let dTop = dHidden[layers.count - 1].prefix(rows: steps * capacity.streams)
        if shape.tieWeights {
            outputLayer.backward(dHidden: dTop)
        } else {
            outputLayer.backward(dHidden: dTop, steps: steps, rows: rows)
        }
        drop(dTop, into: dTop, layer: layers.count, steps: steps, key: dropoutKey)
    }

    /// The gradient of the embedding's table, and with tied weights the decoder's share in it. `tokens` and `dY` are as `tokenRows` has them
    /// in `tokenSteps` steps; the decoder's rows are the window's.
    private func embeddingGradient(
        _ tokens: UnsafePointer<Int32>, of tokenRows: GradientRows, tokenSteps: Int, dY: MatrixView, steps: Int,
        rows: GradientRows
    ) {
        if shape.tieWeights {
            let occurrences = embedding.sorted(tokens, steps: tokenSteps, dY: dY, rows: tokenRows)
            outputLayer.tiedGradients(steps: steps, rows: rows, tied: occurrences)
        } else {
            embedding.backward(tokens, steps: tokenSteps, dY: dY, rows: tokenRows)
        }
    }

    /// What layer k (or with k = L the output) reads: `[steps*streams, ...]`. With `drop`, the dropout is carried out; without it,
    /// its result of the forward pass is found again.
    private func readBy(_ k: Int, steps: Int, dropoutKey: Dropout.Key?, drop fresh: Bool) -> MatrixView {
        let source = (k == 0 ? embedding.output : layers[k - 1].output).prefix(rows: steps * capacity.streams)
        guard drops(dropoutKey) else { return source }
        let result = dropped[k].prefix(rows: source.rows)
        if fresh { drop(source, into: result, layer: k, steps: steps, key: dropoutKey) }
        return result
    }

    /// Whether anything is dropped. Where nothing is, the rows of a token are equal, and what depends on it alone is done once.
    private func drops(_ key: Dropout.Key?) -> Bool { key != nil && !dropped.isEmpty }

    private func drop(_ x: MatrixView, into y: MatrixView, layer: Int, steps: Int, key: Dropout.Key?) {
        guard let key, !dropped.isEmpty else { return }
        dropout.apply(
            steps: steps, streams: capacity.streams, columns: x.columns, layer: layer, key: key, x: x.pointer, y: y.pointer)
    }
}
