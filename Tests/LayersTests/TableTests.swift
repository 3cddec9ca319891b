import Layers
import Tensors
import Testing

/// Tables of small whole numbers, whose sums are exact: T 2, B 3, V 5, four columns.
private struct Tables {
    let capacity = WindowCapacity(steps: 2, streams: 3, training: true)
    let weight: Parameter
    let bias: Parameter
    let rows: GradientRows
    let workspace = Workspace()
    let parameters: ParameterSet

    init() {
        var layout = ParameterLayout()
        layout.append("weight", shape: [5, 4])
        layout.append("bias", shape: [5])
        let buffers = (0..<2).map { [workspace] _ in workspace.allocate(Float.self, count: layout.elementCount) }
        for i in 0..<20 { buffers[0][i] = Float(i) }
        for i in 0..<5 { buffers[0][32 + i] = Float(100 * i) }
        parameters = ParameterSet(layout: layout, values: buffers[0], gradients: [buffers[1]])
        (weight, bias) = (parameters.parameter("weight"), parameters.parameter("bias"))
        rows = GradientRows(
            program: TreeProgram(tree: ShardTree(shardCount: 2), ownShards: 0..<2), streamsOfShards: [0..<2, 2..<3],
            maximumSteps: 2, widestInput: 4)
    }

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
    private let tables = Tables()
    private let tokens: [Int32] = [4, 0, 4, 2, 4, 0]

    /// Gradients of the embedded rows, and what each token's rows add up to.
    private func dEmbedded(_ row: Int, _ column: Int) -> Int { 10 * row + column }
    private func tokenSum(_ token: Int, _ column: Int) -> Int {
        sum(0..<6) { Int(tokens[$0]) == token ? dEmbedded($0, column) : 0 }
    }

    @Test("The embedding gives each token's row, and adds the gradients of a token's rows; a token that is absent has zeros")
    func embedding() {
        let embedding = Embedding(weight: tables.weight, capacity: tables.capacity, workspace: tables.workspace)
        embedding.forward(tokens, steps: 2)
        #expect(values(embedding.output) == grid(6, 4) { r, c in 4 * Int(tokens[r]) + c })
        let dY = tables.matrix(rows: 6, columns: 4, dEmbedded)
        for _ in 0..<2 { embedding.backward(tokens, steps: 2, dY: dY, rows: tables.rows) }
        #expect(tables.gradient(tables.weight) == grid(5, 4, tokenSum))
    }

    @Test("A window shorter than the longest uses its own rows alone")
    func shortWindow() {
        let embedding = Embedding(weight: tables.weight, capacity: tables.capacity, workspace: tables.workspace)
        let dY = tables.matrix(rows: 3, columns: 4) { r, _ in r + 1 }
        embedding.backward(Array(tokens[..<3]), steps: 1, dY: dY, rows: tables.rows)
        #expect(tables.gradient(tables.weight) == grid(5, 4) { token, _ in [2, 0, 0, 0, 4][token] })
    }

    private func output(keeping: Bool = true) -> (layer: OutputLayer, weights: PackedWeights) {
        let weights = PackedWeights(of: tables.parameters, ["weight"], in: tables.workspace)
        let capacity = WindowCapacity(steps: 2, streams: 3, training: true, mostLogitBytes: keeping ? 1 << 20 : 0)
        let layer = OutputLayer(
            weight: tables.weight, bias: tables.bias, weights: weights, capacity: capacity, workspace: tables.workspace)
        return (layer, weights)
    }

    @Test("Logits are the products with every row of the table plus its bias")
    func logits() {
        let logits = output().layer.logits(tables.matrix(rows: 6, columns: 4) { $0 + $1 })
        #expect(values(logits) == grid(6, 5) { r, v in 100 * v + sum(0..<4) { (r + $0) * (4 * v + $0) } })
    }

    /// With all parameters zero each probability is 1/5: the gradient of a logit is scale/5, less the scale at the target.
    private func dLogit(_ row: Int, _ v: Int, targets: [Int32]) -> Int { 1 - (Int(targets[row]) == v ? 5 : 0) }

    @Test(
        "From the loss come the gradients of hidden, weight and bias, and with tied weights the tokens' rows too",
        arguments: [true, false])
    func backward(keeping: Bool) {
        tables.weight.value.update(repeating: 0, count: 20)
        tables.bias.value.update(repeating: 0, count: 5)
        let (layer, weights) = output(keeping: keeping)
        let targets: [Int32] = [3, 1, 0, 3, 4, 2]
        let hidden = tables.matrix(rows: 6, columns: 4) { $0 - $1 }
        let mask = [Float](repeating: 1, count: 6)
        func weightSum(_ v: Int, _ column: Int) -> Int { sum(0..<6) { dLogit($0, v, targets: targets) * ($0 - column) } }
        func take() { _ = layer.loss(hidden, targets: targets, mask: mask, gradientScale: 5) }
        take()
        // What the loss saw is zero, so that its gradients are whole numbers; what the gradient of hidden is made with is not.
        for i in 0..<20 { tables.weight.value[i] = Float(i) }
        if keeping { weights.pack(0..<32) }
        let dHidden = tables.matrix(rows: 6, columns: 4) { _, _ in 9 }
        layer.backward(dHidden: dHidden, steps: 2, rows: tables.rows)
        if keeping {
            #expect(
                values(dHidden) == grid(6, 4) { r, c in sum(0..<5) { dLogit(r, $0, targets: targets) * (4 * $0 + c) } })
        }
        #expect(tables.gradient(tables.weight) == grid(5, 4, weightSum))
        #expect(tables.gradient(tables.bias) == grid(1, 5) { _, v in sum(0..<6) { dLogit($0, v, targets: targets) } })

        tables.weight.value.update(repeating: 0, count: 20)
        weights.pack(0..<32)
        take()
        layer.backward(dHidden: dHidden)
        let embedding = Embedding(weight: tables.weight, capacity: tables.capacity, workspace: tables.workspace)
        let dY = tables.matrix(rows: 6, columns: 4, dEmbedded)
        let sorted = embedding.sorted(tokens, steps: 2, dY: dY, rows: tables.rows)
        layer.tiedGradients(steps: 2, rows: tables.rows, tied: sorted)
        #expect(tables.gradient(tables.weight) == grid(5, 4) { weightSum($0, $1) + tokenSum($0, $1) })
    }
}
