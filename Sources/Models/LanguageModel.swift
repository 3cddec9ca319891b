import Layers
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
    private let layers: [any RecurrentLayer]
    private let outputLayer: OutputLayer
    /// What layer k read: the embedding or the layer below, after dropout. `[T*B, inputSize]`, one a layer and one for the output.
    private let dropped: [MatrixView]
    /// Gradients by layer outputs, `[T*B, H]`, and by the embedding, `[T*B, E]`.
    private let dHidden: [MatrixView]
    private let dEmbedded: MatrixView?
    /// What the output layer reads of the window at hand, `[steps*streams, H]`.
    private var top: MatrixView
    private let workspace: Workspace
    /// The state vectors, `[streams, H]` each, by name: `h_l0`, `c_l0`, `h_l1` and so on.
    public let states: [(name: String, matrix: MatrixView)]

    /// A model over what `builder` gives it.
    public init(_ shape: ModelShape, _ builder: Builder) {
        self.shape = shape
        capacity = builder.capacity
        dropout = Dropout(probability: shape.dropout)
        workspace = builder.workspace
        embedding = Embedding(
            "encoder.weight", vocabularySize: shape.vocabularySize, size: shape.embeddingSize, isShared: shape.tieWeights,
            builder)
        layers = (0..<shape.layers).map { k in
            shape.cell.makeLayer(
                RecurrentShape(
                    number: k, inputSize: shape.inputSize(ofLayer: k), hiddenSize: shape.hiddenSize, readsTokens: k == 0,
                    learnsFirstState: shape.initialState == .learned, options: shape.cellOptions), builder)
        }
        outputLayer = OutputLayer(
            vocabularySize: shape.vocabularySize, hiddenSize: shape.hiddenSize,
            tied: shape.tieWeights ? embedding.weight : nil, builder)
        let (rows, training) = (capacity.rows, capacity.training)
        let inputSizes = (0..<shape.layers).map(shape.inputSize) + [shape.hiddenSize]
        dropped =
            training && shape.dropout > 0 ? inputSizes.map { builder.workspace.matrix(rows: rows, columns: $0) } : []
        dHidden =
            training ? layers.map { _ in builder.workspace.matrix(rows: rows, columns: shape.hiddenSize) } : []
        dEmbedded = training ? builder.workspace.matrix(rows: rows, columns: shape.embeddingSize) : nil
        top = layers[shape.layers - 1].output.prefix(rows: 0)
        states = builder.states
    }

    /// Bytes of activations and caches.
    public var byteCount: Int { workspace.byteCount }

    // MARK: State

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
            layers[0].forward(.rows(readBy(0, steps: steps, dropoutKey: dropoutKey, drop: true)), steps: steps)
        } else {
            layers[0].forward(.distinct(embedding.distinctRows(inputs, steps: steps)), steps: steps)
        }
        for k in 1..<layers.count {
            layers[k].forward(.rows(readBy(k, steps: steps, dropoutKey: dropoutKey, drop: true)), steps: steps)
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
                .rows(readBy(k, steps: steps, dropoutKey: dropoutKey, drop: false)), dOutput: dHidden[k].prefix(rows: used),
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
                .rows(readBy(0, steps: steps, dropoutKey: dropoutKey, drop: false)), dOutput: dLowest, dInput: dRows,
                steps: steps, rows: rows, atEpochStart: atEpochStart)
            drop(dRows, into: dRows, layer: 0, steps: steps, key: dropoutKey)
            embeddingGradient(inputs, of: rows, tokenSteps: steps, dY: dRows, steps: steps, rows: rows)
        } else {
            let merged = embedding.mergedRows(inputs, steps: steps, rows: rows)
            let dRows = dEmbedded.prefix(rows: merged.tokens.count)
            layers[0].backward(
                .merged(merged), dOutput: dLowest, dInput: dRows, steps: steps, rows: rows, atEpochStart: atEpochStart)
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
