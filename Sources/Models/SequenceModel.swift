public import Layers
public import Tensors

/// A recurrent model over windows of tokens, of a language model as of a classifier: embedding, recurrent layers, an output layer with its
/// loss, and dropout between them.
///
/// One instance computes the streams of one rank. It does not own the parameters. Activations are allocated once. The order of
/// calls in a step is `forward`, `trainingLoss`, `backward`, `carryState`. After changing parameters, call `PackedWeights.pack`.
public final class SequenceModel {
    /// The name of the embedding's table.
    package static let embeddingName = "encoder.weight"

    /// The sizes and kinds of its layers.
    public let shape: ModelShape
    public let capacity: WindowCapacity
    private let embedding: Embedding
    /// The embedded window.
    private let embedded: Edge
    /// Between the embedding and the lowest level; nil if the level reads the embedding.
    private let inputLayer: FeedforwardLayer?
    private let levels: [StackLevel]  // from bottom to top
    /// Between the topmost level and the output layer; nil if the output layer reads the level.
    private let outputHidden: FeedforwardLayer?
    /// What the topmost level hands on.
    private let levelsOutput: Edge
    /// What the output layer reads.
    private let top: Edge
    private let topDropout: DropoutLayer
    private let outputLayer: any OutputLayer
    /// The contexts that the output layer has direct weights of; nil for none.
    private let features: ContextFeatures?
    /// The last window.
    private var window: Window
    /// Of the last window; nil before the first.
    private var penalty: ActivationPenalty?
    private let penaltyMask: UnsafeMutablePointer<Float>  // [T*B], of the last window; empty without penalties
    private let workspace: Workspace
    /// The state vectors, `[streams, H]` each, by name: `h_l0`, `c_l0`, `h_l1` and so on.
    public let states: [(name: String, matrix: MatrixView)]
    /// The rows of each sparse table that the last backward pass wrote, in the order of `ModelNeeds.sparseTables`.
    package let writtenRows: [WrittenRows]

    /// Creates a model from the memory that `builder` allocates.
    public init(_ shape: ModelShape, _ builder: Builder) {
        self.shape = shape
        capacity = builder.capacity
        workspace = builder.workspace
        penaltyMask = workspace.allocate(
            Float.self, count: capacity.training && shape.regularization.hasPenalties ? capacity.rows : 0)
        embedding = Embedding(
            Self.embeddingName, vocabularySize: shape.vocabularySize, size: shape.embeddingSize, isShared: shape.tieWeights,
            dropout: shape.regularization.embeddingDropout, builder)
        embedded = Edge(value: embedding.output, builder)
        inputLayer = Self.layer(
            "input_mlp", shape.inputLayerSize, reading: embedded, readsTokens: true, builder)
        var top = inputLayer?.output ?? embedded
        levels = (0..<shape.layers).map { k in
            let level = StackLevel(k, shape, reading: top, builder)
            top = level.output
            return level
        }
        outputHidden = Self.layer("output_mlp", shape.outputLayerSize, reading: top, readsTokens: false, builder)
        levelsOutput = top
        self.top = outputHidden?.output ?? top
        topDropout = DropoutLayer(
            probability: Cells.predictsClasses(shape.cell) ? 0 : shape.dropout, place: shape.layers, input: self.top.value,
            isLocked: shape.regularization.locksDropout, builder)
        var outputShape = shape.outputShape
        features = shape.maxEntOrder > 0 ? ContextFeatures(order: shape.maxEntOrder, builder) : nil
        outputShape.features = features
        builder.beginOutput()
        outputLayer =
            Cells.predictsClasses(shape.cell)
            ? Outputs.ofProbabilities(outputShape, builder)
            : Outputs.layer(shape.output, outputShape, tied: shape.tieWeights ? embedding.weight : nil, builder)
        window = Window(steps: 0, streams: capacity.streams)
        states = builder.states
        writtenRows = builder.writtenRows
    }

    /// A layer of `size` units on an edge; nil for 0 units.
    private static func layer(
        _ name: String, _ size: Int, reading input: Edge, readsTokens: Bool, _ builder: Builder
    ) -> FeedforwardLayer? {
        guard size > 0 else { return nil }
        return FeedforwardLayer(
            name, size: size, inputSize: input.value.columns, readsTokens: readsTokens, builder)
    }

    /// Bytes of activations and caches.
    public var byteCount: Int { workspace.byteCount }

    // MARK: State

    /// Sets the state to the initial state of an epoch.
    public func resetState() {
        features?.resetState()
        for level in levels { level.layer.resetState() }
    }

    /// Makes the state after the window the initial state of the next.
    public func carryState(steps: Int) {
        features?.carryState(steps: steps)
        for level in levels { level.layer.carryState(steps: steps) }
    }

    /// Sets what `backward` calls for each layer from the top, and for each step of the window from the last, with the gradient of the
    /// loss with respect to h of the step, `[streams, O]`; nil: nothing.
    public func observeGradients(_ observer: ((_ layer: Int, _ step: Int, _ dH: MatrixView) -> Void)?) {
        for (number, level) in levels.enumerated() {
            level.layer.gradientObserver = observer.map { observer in { observer(number, $0, $1) } }
        }
    }

    // MARK: Inspection

    /// The states of a layer besides h that have a gradient: their names, and the gradient `[streams, U]` that each receives from later steps.
    /// Read them in a call of the observer of `observeGradients`. Not for a layer whose units a team divides.
    public func stateGradients(ofLayer layer: Int) -> [(name: String, gradient: MatrixView)] {
        levels[layer].layer.stateGradients
    }

    /// h of a layer at every step of the last window, `[steps*streams, O]`.
    public func hidden(ofLayer layer: Int) -> MatrixView { levels[layer].layer.output.prefix(rows: window.rows) }

    /// The gates of the cell; empty if they are not known.
    public var gateKinds: [CellGate] { levels[0].layer.gateKinds }

    /// The letters of the blocks of `rnn.weight_hh`, in their order; empty if they have none.
    package var gateNames: [String] { levels[0].layer.gateNames }

    /// Whether the largest singular value of a layer's recurrent matrix bounds the gradient from one step to the one before.
    package var isBoundedByRecurrentMatrix: Bool { levels[0].layer.isBoundedByRecurrentMatrix }

    /// The activated gates of a layer at every step of the last window, `[steps*streams, G*H]`. Call it before a backward pass.
    public func activatedGates(ofLayer layer: Int) -> MatrixView {
        levels[layer].layer.activatedGates.prefix(rows: window.rows)
    }

    // MARK: Forward and backward

    /// Runs the window from the current state to the output of the top layer, with dropout if there is a key.
    ///
    /// Shape: `inputs` `[steps, streams]`.
    public func forward(_ inputs: UnsafePointer<Int32>, steps: Int, dropoutKey: Dropout.Key? = nil) {
        window = Window(steps: steps, streams: capacity.streams, dropoutKey: dropoutKey)
        embedding.begin(dropoutKey)
        features?.begin(inputs, steps: steps)
        if levels[0].readsRows(window) {
            embedding.forward(inputs, steps: steps)
            _ = inputLayer?.forward(embedded.value.prefix(rows: window.rows))
            levels[0].forward(window)
        } else {
            // The rows of a token are equal, so what depends only on the token is computed once.
            let tokens = embedding.distinctRows(inputs, steps: steps)
            let read = inputLayer?.forward(tokens.distinct) ?? tokens.distinct
            levels[0].forward(window, tokens: RepeatedRows(distinct: read, numbers: tokens.numbers))
        }
        for level in levels.dropFirst() { level.forward(window) }
        _ = outputHidden?.forward(levelsOutput.value.prefix(rows: window.rows))
        topDropout.forward(window)
    }

    /// What the output layer reads for the rows of the last window, without dropout: `[steps*streams, H]`. Call it after `forward`.
    public var output: MatrixView { topDropout.output(window) }

    /// What the output layer reads for rows of the window; by default for all.
    private func read(_ rows: Range<Int>? = nil) -> MatrixView {
        features?.firstRow = rows?.lowerBound ?? 0
        let all = topDropout.output(window)
        return rows.map { all.slice(rows: $0) } ?? all
    }

    /// The loss of each row of the window in nats, 0 if `mask` is 0. Call it after `forward`.
    public func loss(targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>) -> UnsafePointer<Double> {
        outputLayer.loss(read(), targets: targets, mask: mask, training: nil)
    }

    /// The same in training, where it may be estimated from samples.
    ///
    /// `backward` then propagates the gradient of `gradientScale` times the sum of the losses, and adds that of the penalties on activations, which
    /// the losses do not contain.
    public func trainingLoss(
        targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float, rows: GradientRows
    ) -> UnsafePointer<Double> {
        if shape.regularization.hasPenalties { penaltyMask.update(from: mask, count: window.rows) }
        penalty = ActivationPenalty(shape.regularization, mask: penaltyMask, gradientScale: gradientScale)
        let key = window.dropoutKey ?? Dropout.Key(seed: 0, step: 0, firstStream: 0)
        let training = TrainingLoss(gradientScale: gradientScale, steps: window.steps, rows: rows, key: key)
        return outputLayer.loss(read(), targets: targets, mask: mask, training: training)
    }

    /// The losses of some rows of the window, `[rows.count]`, in nats; `targets` and `mask` are those of these rows. The bits
    /// equal those of the loss of all rows. No backward pass may follow.
    public func loss(
        ofRows rows: Range<Int>, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> UnsafePointer<Double> {
        outputLayer.loss(read(rows), targets: targets, mask: mask, training: nil)
    }

    /// The most probable class of a row, after `forward`; of equally probable ones the first. The row is one of `[steps*streams]`.
    public func mostProbable(row: Int) -> Int {
        let logits = outputLayer.logits(read(row..<(row + 1)))
        let values = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        var largest = 0
        for index in values.indices where values[index] > values[largest] { largest = index }
        return largest
    }

    /// 1 for each row of the window whose most probable class is the target, else 0, also where `mask` is 0; after `forward`. Shapes: `targets`, `mask`
    /// and `hits` `[steps*streams]`.
    public func markHits(
        targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, into hits: UnsafeMutablePointer<Double>
    ) {
        for row in 0..<window.rows {
            hits[row] = mask[row] != 0 && mostProbable(row: row) == Int(targets[row]) ? 1 : 0
        }
    }

    /// The logits of the window's rows, `[steps*streams, V]`. Call it after `forward`.
    public func logits() -> MatrixView { outputLayer.logits(read()) }

    /// The losses and the logits of some rows of the window, `[rows.count]` and `[rows.count, V]`; `targets` and `mask` are those of these rows,
    /// and the mask is 1. Call it after `forward`. The bits do not depend on the other rows. Valid until the next call.
    public func scores(
        ofRows rows: Range<Int>, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> (losses: UnsafePointer<Double>, logits: MatrixView) {
        outputLayer.scores(read(rows), targets: targets, mask: mask)
    }

    /// Overwrites the gradients of every parameter by those of the window. Call it after `forward` with the same `inputs`, and
    /// `trainingLoss`.
    public func backward(_ inputs: UnsafePointer<Int32>, rows: GradientRows, atEpochStart: Bool) {
        let dTop = top.gradient.prefix(rows: window.rows)
        outputLayer.backward(dHidden: dTop, steps: window.steps, rows: rows)
        penalty?.addActivation(topDropout.output(window), to: dTop)
        topDropout.backward(dTop, window)
        penalty?.addTemporal(top.value.prefix(rows: window.rows), streams: window.streams, to: dTop)
        outputHidden?.backward(
            levelsOutput.value.prefix(rows: window.rows), dX: levelsOutput.gradient.prefix(rows: window.rows),
            steps: window.steps, rows: rows)
        for level in levels.dropFirst().reversed() { level.backward(window, rows: rows, atEpochStart: atEpochStart) }
        if levels[0].readsRows(window) {
            let dRows = levels[0].backward(window, rows: rows, atEpochStart: atEpochStart)
            let dY = inputGradient(embedded.value.prefix(rows: window.rows), dRows, steps: window.steps, rows: rows)
            embeddingGradient(inputs, of: rows, tokenSteps: window.steps, dY: dY, rows: rows)
        } else {
            let merged = embedding.mergedRows(inputs, steps: window.steps, rows: rows)
            let dRows = levels[0].backward(window, tokens: read(merged), rows: rows, atEpochStart: atEpochStart)
            let dY = inputGradient(merged.distinct, dRows, steps: 1, rows: merged.rows)
            embeddingGradient(merged.tokens.tokens, of: merged.rows, tokenSteps: 1, dY: dY, rows: rows)
        }
    }

    /// What the lowest level reads of merged rows of the embedding.
    private func read(_ merged: MergedRows) -> MergedRows {
        guard let inputLayer else { return merged }
        return MergedRows(distinct: inputLayer.forward(merged.distinct), tokens: merged.tokens, rows: merged.rows)
    }

    /// The gradient of the embedded rows `x` from `dRows`, that of what the lowest level reads.
    private func inputGradient(_ x: MatrixView, _ dRows: MatrixView, steps: Int, rows: GradientRows) -> MatrixView {
        guard let inputLayer else { return dRows }
        let dX = embedded.gradient.prefix(rows: x.rows)
        inputLayer.backward(x, dX: dX, steps: steps, rows: rows)
        return dX
    }

    /// Backpropagates a gradient `dHidden` `[steps*streams, O]` of h of a layer within this layer, for an observer of gradients. Call it
    /// after `forward` with the same `inputs`. Gradients of parameters are overwritten, without meaning.
    public func backward(_ inputs: UnsafePointer<Int32>, fromLayer layer: Int, dHidden: MatrixView, rows: GradientRows) {
        let level = levels[layer]
        let tokens =
            layer > 0 || level.readsRows(window)
            ? nil : read(embedding.mergedRows(inputs, steps: window.steps, rows: rows))
        level.backwardLayer(window, dHidden: dHidden, tokens: tokens, rows: rows)
    }

    /// The gradient of the embedding's table, including the output layer's part with tied weights. `tokens` and `dY` are the rows
    /// of `tokenRows` in `tokenSteps` steps; `rows` are those of the window, for the output layer.
    private func embeddingGradient(
        _ tokens: UnsafePointer<Int32>, of tokenRows: GradientRows, tokenSteps: Int, dY: MatrixView, rows: GradientRows
    ) {
        // The table's gradient remains zero.
        if shape.freezesEmbeddings { return }
        if shape.tieWeights {
            let occurrences = embedding.sorted(tokens, steps: tokenSteps, dY: dY, rows: tokenRows)
            outputLayer.tiedGradients(steps: window.steps, rows: rows, tied: occurrences)
        } else {
            embedding.backward(tokens, steps: tokenSteps, dY: dY, rows: tokenRows)
        }
    }
}
