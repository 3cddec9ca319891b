import Layers
import Tensors
import Testing

/// Tables of small integers, whose sums are exact: T 2, B 3, V 5, four columns.
private struct Tables {
    let embedding: Embedding
    let output: any OutputLayer
    /// The output layer's weight `[5, 4]`; with tied weights it is also that of the embedding.
    let weight: Parameter
    let bias: Parameter
    let weights: PackedWeights
    let rows: GradientRows
    let workspace = Workspace()
    private let memory: (ParameterSet, Workspace)

    init(tied: Bool = false, keepingLogits: Bool = true) {
        let build = BuildSettings(
            WindowCapacity(steps: 2, streams: 3, training: true, mostLogitBytes: keepingLogits ? 1 << 20 : 0))
        func make(_ builder: Builder) -> (Embedding, any OutputLayer) {
            let embedding = Embedding("encoder.weight", vocabularySize: 5, size: 4, isShared: tied, builder)
            let shape = OutputShape(vocabularySize: 5, hiddenSize: 4, isTied: tied)
            let output = Outputs.layer(.full, shape, tied: tied ? embedding.weight : nil, builder)
            return (embedding, output)
        }
        let needs = Builder.measure(build) { _ = make($0) }
        let layout = needs.parameters
        let buffers = (0..<2).map { [workspace] _ in workspace.allocate(Float.self, count: layout.elementCount) }
        for entry in layout.entries {
            for i in 0..<entry.count { buffers[0][entry.offset + i] = Float(entry.shape.count == 2 ? i : 100 * i) }
        }
        let parameters = ParameterSet(layout: layout, values: buffers[0], gradients: [buffers[1]])
        weight = parameters.parameter(tied ? "encoder.weight" : "decoder.weight")
        bias = parameters.parameter("decoder.bias")
        weights = PackedWeights(
            needs.packed, values: buffers[0], storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        let builder = Builder(making: build, parameters: parameters, weights: weights)
        (embedding, output) = make(builder)
        memory = (parameters, builder.workspace)
        rows = GradientRows(
            program: TreeProgram(tree: ShardTree(shardCount: 2), ownShards: 0..<2), streamsOfShards: [0..<2, 2..<3],
            maximumSteps: 2, widestInput: 4)
        pack()
    }

    /// The loss times 5.
    var training: TrainingLoss {
        TrainingLoss(gradientScale: 5, steps: 2, rows: rows, key: Dropout.Key(seed: 1, step: 0, firstStream: 0))
    }

    /// Packs the weights after a change of their values.
    func pack() { weights.pack(0..<memory.0.layout.elementCount) }

    func matrix(rows: Int, columns: Int, _ value: (Int, Int) -> Int) -> MatrixView {
        let result = workspace.matrix(rows: rows, columns: columns)
        for r in 0..<rows {
            for c in 0..<columns { result.pointer[r * columns + c] = Float(value(r, c)) }
        }
        return result
    }

    func gradient(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: parameter.gradients[0], count: parameter.rows * parameter.columns))
    }
}

/// The elements of a matrix, row by row.
private func grid(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Int) -> [Float] {
    (0..<rows).flatMap { r in (0..<columns).map { c -> Float in Float(value(r, c)) } }
}

/// The sum over a range.
private func sum(_ range: Range<Int>, _ value: (Int) -> Int) -> Int { range.map(value).reduce(0, +) }

@Suite("Embedding and output layer")
struct TableTests {
    private let tokens: [Int32] = [4, 0, 4, 2, 4, 0]

    /// Gradients of the embedded rows, and their sums for each token.
    private func dEmbedded(_ row: Int, _ column: Int) -> Int { 10 * row + column }
    private func tokenSum(_ token: Int, _ column: Int) -> Int {
        sum(0..<6) { Int(tokens[$0]) == token ? dEmbedded($0, column) : 0 }
    }

    @Test("The embedding returns each token's row and adds the gradients of a token's rows; those of an absent token are zero")
    func embedding() {
        let tables = Tables()
        let embedding = tables.embedding
        embedding.forward(tokens, steps: 2)
        #expect(values(embedding.output) == grid(6, 4) { r, c in 4 * Int(tokens[r]) + c })
        let dY = tables.matrix(rows: 6, columns: 4, dEmbedded)
        for _ in 0..<2 { embedding.backward(tokens, steps: 2, dY: dY, rows: tables.rows) }
        #expect(tables.gradient(embedding.weight) == grid(5, 4, tokenSum))
    }

    @Test("A window shorter than the longest uses only its own rows")
    func shortWindow() {
        let tables = Tables()
        let dY = tables.matrix(rows: 3, columns: 4) { r, _ in r + 1 }
        tables.embedding.backward(Array(tokens[..<3]), steps: 1, dY: dY, rows: tables.rows)
        #expect(tables.gradient(tables.embedding.weight) == grid(5, 4) { token, _ in [2, 0, 0, 0, 4][token] })
    }

    @Test("Logits are the products with every row of the table plus the bias")
    func logits() {
        let tables = Tables()
        let logits = tables.output.logits(tables.matrix(rows: 6, columns: 4) { $0 + $1 })
        #expect(values(logits) == grid(6, 5) { r, v in 100 * v + sum(0..<4) { (r + $0) * (4 * v + $0) } })
    }

    /// With zero parameters each probability is 1/5, so the gradient of a logit is scale/5, less scale at the target.
    private func dLogit(_ row: Int, _ v: Int, targets: [Int32]) -> Int { 1 - (Int(targets[row]) == v ? 5 : 0) }

    @Test(
        "From the loss come the gradients of hidden, weight and bias, and with tied weights the tokens' rows too",
        arguments: [true, false])
    func backward(keeping: Bool) {
        let tables = Tables(keepingLogits: keeping)
        tables.weight.value.update(repeating: 0, count: 20)
        tables.bias.value.update(repeating: 0, count: 5)
        let layer = tables.output
        tables.pack()
        let targets: [Int32] = [3, 1, 0, 3, 4, 2]
        let hidden = tables.matrix(rows: 6, columns: 4) { $0 - $1 }
        let mask = [Float](repeating: 1, count: 6)
        func weightSum(_ v: Int, _ column: Int) -> Int { sum(0..<6) { dLogit($0, v, targets: targets) * ($0 - column) } }
        func take() { _ = layer.loss(hidden, targets: targets, mask: mask, training: tables.training) }
        take()
        // The loss uses zero weights, so its gradients are integers. The gradient of hidden uses nonzero weights.
        for i in 0..<20 { tables.weight.value[i] = Float(i) }
        if keeping { tables.pack() }
        let dHidden = tables.matrix(rows: 6, columns: 4) { _, _ in 9 }
        layer.backward(dHidden: dHidden, steps: 2, rows: tables.rows)
        if keeping {
            #expect(
                values(dHidden) == grid(6, 4) { r, c in sum(0..<5) { dLogit(r, $0, targets: targets) * (4 * $0 + c) } })
        }
        #expect(tables.gradient(tables.weight) == grid(5, 4, weightSum))
        #expect(tables.gradient(tables.bias) == grid(1, 5) { _, v in sum(0..<6) { dLogit($0, v, targets: targets) } })

        let tied = Tables(tied: true, keepingLogits: keeping)
        tied.weight.value.update(repeating: 0, count: 20)
        tied.bias.value.update(repeating: 0, count: 5)
        tied.pack()
        _ = tied.output.loss(hidden, targets: targets, mask: mask, training: tied.training)
        tied.output.backward(dHidden: dHidden, steps: 2, rows: tied.rows)
        let dY = tables.matrix(rows: 6, columns: 4, dEmbedded)
        let sorted = tied.embedding.sorted(tokens, steps: 2, dY: dY, rows: tied.rows)
        tied.output.tiedGradients(steps: 2, rows: tied.rows, tied: sorted)
        #expect(tied.gradient(tied.weight) == grid(5, 4) { weightSum($0, $1) + tokenSum($0, $1) })
    }
}
