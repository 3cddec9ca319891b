import Foundation

/// A recurrent language model in Double, directly from its equations: the oracle for the Float layers.
///
/// Parameters have PyTorch's names (`encoder.weight`, `rnn.weight_ih_l0`, ..., `decoder.bias`), which decide the rest: without
/// `decoder.weight` the full output is tied to the encoder; with `rnn.h0_l0` (and `rnn.c0_l0`) the initial state is learned. Each
/// stream is computed separately, step by step and layer by layer. Central differences check the gradients of the oracle itself.
struct OracleModel {
    var parameters: [String: [Double]]
    let cell: any OracleCell
    var output: any OracleOutput = OracleFullOutput()
    /// Whether each layer above the lowest adds its input, before dropout, to its output.
    var connection = OracleConnection.stacked
    /// Factors of activation regularisation and of temporal activation regularisation.
    var penalties: (activation: Double, temporal: Double) = (0, 0)
    /// B: inputs are time-major, token (t, b) at `t * batchSize + b`.
    let batchSize: Int
    /// The tokens before the current prediction, the last first.
    var context: [Int] = []
    /// Tokens of the encoder's table; nil if they are the classes of the output.
    var tokenCount: Int?

    var hiddenSize: Int { parameter("rnn.bias_ih_l0").count / cell.gateCount }
    /// O, columns of h.
    var outputSize: Int { cell.outputSize(units: hiddenSize) }
    /// Floats of c of each layer.
    var otherStateSize: Int { cell.otherStateSize(inputs: embeddingSize, units: hiddenSize) }
    var vocabularySize: Int { tokenCount == nil ? tableRows : parameter("decoder.bias").count }
    private var tableRows: Int { parameter("encoder.weight").count / embeddingSize }
    var layerCount: Int { (0...).first { parameters["rnn.bias_ih_l\($0)"] == nil } ?? 0 }
    /// Whether the full output's weight is the embedding's table.
    var isTied: Bool { parameters["decoder.weight"] == nil }
    var learnsFirstState: Bool { parameters["rnn.h0_l0"] != nil }

    /// The loss of one window, its gradient, and the state after it.
    ///
    /// Shapes: inputs, targets and mask [T, B], mask 1 for a real prediction and 0 for padding.
    /// - Parameters:
    ///   - state: the state after the previous window; nil at the start of an epoch, for zero or the learned initial state, which
    ///     then receives its gradient.
    ///   - dropout: factors on the input of each layer and of the decoder, L + 1 arrays: [T, B, E], then [T, B, H].
    func lossAndGradients(
        inputs: [Int], targets: [Int], mask: [Double], state: OracleState?, dropout: [[Double]]? = nil
    ) -> OracleResult {
        var result = OracleResult(
            loss: 0, gradients: parameters.mapValues { $0.map { _ in 0 } }, state: state ?? firstState())
        let tokenCount = mask.reduce(0, +)
        for stream in 0..<batchSize {
            var walk = OracleStreamWalk(model: self, stream: stream, dropout: dropout)
            walk.forward(inputs: inputs, from: result.state)
            result.loss += walk.loss(
                targets: targets, weights: mask.map { $0 / tokenCount }, gradients: &result.gradients)
            walk.backward(inputs: inputs, gradients: &result.gradients, reachesFirstState: state == nil)
            walk.store(into: &result.state)
        }
        return result
    }

    /// The initial state of an epoch.
    func firstState() -> OracleState {
        func stack(_ name: String, count: Int) -> [Double] {
            (0..<layerCount).flatMap { layer -> [Double] in
                let learned = parameters["rnn.\(name)_l\(layer)"] ?? [Double](repeating: 0, count: count)
                return (0..<batchSize).flatMap { _ in learned }
            }
        }
        return OracleState(
            hidden: stack("h0", count: outputSize).map { cell.start($0).h },
            cell: stack("c0", count: otherStateSize))
    }

    /// The parameter named `name`, which must exist.
    func parameter(_ name: String) -> [Double] {
        guard let values = parameters[name] else { preconditionFailure("no parameter \(name)") }
        return values
    }

    /// The weights of a layer. Those that read h further back stand beside the input's, as if they read more inputs.
    func weights(ofLayer layer: Int) -> OracleWeights {
        let blocks = inputNames(ofLayer: layer).map { parameter($0) }
        let rows = cell.gateCount * hiddenSize
        let names = cell.ownShapes(inputs: blocks[0].count / rows, units: hiddenSize).keys
        return OracleWeights(
            inputWeight: (0..<rows).flatMap { row in blocks.flatMap { Array(rowOf($0, row, rows)) } },
            hiddenWeight: cell.hasRecurrentWeights ? parameter("rnn.weight_hh_l\(layer)") : [],
            inputBias: parameter("rnn.bias_ih_l\(layer)"),
            hiddenBias: cell.hasRecurrentWeights ? parameter("rnn.bias_hh_l\(layer)") : [],
            unitVector: cell.unitVector.map { parameter("rnn.\($0)_l\(layer)") } ?? [],
            own: Dictionary(uniqueKeysWithValues: names.map { ($0, parameter("rnn.\($0)_l\(layer)")) }))
    }

    /// The input weight's name and those of the weights that read h further back.
    func inputNames(ofLayer layer: Int) -> [String] {
        ["rnn.weight_ih_l\(layer)"] + cell.timeSkips.map { "rnn.weight_skip\($0)_l\(layer)" }
    }

    private func rowOf(_ matrix: [Double], _ row: Int, _ rows: Int) -> ArraySlice<Double> {
        matrix[(row * matrix.count / rows)..<((row + 1) * matrix.count / rows)]
    }

}

/// The forward and backward pass of one stream through a window.
struct OracleStreamWalk {
    let model: OracleModel
    let stream: Int
    let dropout: [[Double]]?
    private var steps: [[OracleStep]] = []  // [T][L]
    private var outputs: [[Double]] = []  // [T][H], the decoder's inputs
    private var dOutputs: [[Double]] = []  // [T][H], of what the output layer reads
    private var levelOutputs: [[Double]] = []  // [T][H], of the topmost layer
    private var tops: [[Double]] = []  // [T][H], the decoder's inputs before dropout
    private var weights: [Double] = []  // [T], of the losses
    private var belows: [[[Double]]] = []  // [T][L][...], what each layer reads, before dropout
    private var first: [[Double]] = []  // [L][O], h before the window
    private var contexts: [[Int]] = []  // [T], tokens before each prediction, the last first
    private var earlier: [[[Double]]] = []  // [L], h of the steps before that, the last first

    init(model: OracleModel, stream: Int, dropout: [[Double]]?) {
        (self.model, self.stream, self.dropout) = (model, stream, dropout)
    }

    mutating func forward(inputs: [Int], from state: OracleState) {
        let layers = (0..<model.layerCount).map { model.weights(ofLayer: $0) }
        var h = layers.indices.map { Array(state.hidden[stateRange(layer: $0)]) }
        first = h
        earlier = layers.indices.map { state.past.isEmpty ? [] : state.past[$0 * model.batchSize + stream] }
        var c = layers.indices.map { Array(state.cell[stateRange(layer: $0, size: model.otherStateSize)]) }
        for t in 0..<inputs.count / model.batchSize {
            let token = inputs[t * model.batchSize + stream]
            let before = contexts.last ?? (state.tokens.isEmpty ? [] : state.tokens[stream])
            contexts.append([token] + before.prefix(15))
            var below = model.hidden("input_mlp", Array(model.parameter("encoder.weight")[embeddingRange(token)]))
            var (column, read): ([OracleStep], [[Double]]) = ([], [])
            for (k, weights) in layers.enumerated() {
                let x = dropped(below, before: k, t) + model.cell.timeSkips.flatMap { past(k, before: t, $0) }
                let step = model.cell.forward(x: x, h: h[k], c: c[k], weights: weights)
                (h[k], c[k]) = (step.h, step.c)
                read.append(below)
                below = model.connection.forward(below, step.h, layer: k, model.parameters)
                column.append(step)
            }
            steps.append(column)
            belows.append(read)
            levelOutputs.append(below)
            tops.append(model.hidden("output_mlp", below))
            outputs.append(dropped(tops[t], before: layers.count, t))
        }
    }

    /// h of a layer after the step that is `skip` before step `t`.
    private func past(_ layer: Int, before t: Int, _ skip: Int) -> [Double] {
        if t - skip == -1 { return first[layer] }
        if t >= skip { return steps[t - skip][layer].h }
        let index = skip - t - 2
        return index < earlier[layer].count ? earlier[layer][index] : first[layer].map { _ in 0 }
    }

    /// Sums `weight` times the loss over the window, adds the gradients of the output layer's parameters, and keeps those of what
    /// the output layer reads. Shapes: targets, weights [T, B].
    mutating func loss(targets: [Int], weights: [Double], gradients: inout [String: [Double]]) -> Double {
        var total = 0.0
        for t in outputs.indices {
            let row = t * model.batchSize + stream
            var model = model
            model.context = contexts[t]
            let (loss, dh) = model.output.loss(
                h: outputs[t], target: targets[row], weight: weights[row], model: model, gradients: &gradients)
            total += loss + weights[row] * penalty(t)
            self.weights.append(weights[row])
            dOutputs.append(dh)
        }
        return total
    }

    private func penalty(_ t: Int) -> Double {
        let (size, change) = (Double(tops[t].count), changes(t))
        return model.penalties.activation * elementProduct(outputs[t], outputs[t]).reduce(0, +) / size
            + model.penalties.temporal * elementProduct(change, change).reduce(0, +) / size
    }

    /// How the decoder's input, before dropout, differs from that of the step before; zero at the first step.
    private func changes(_ t: Int) -> [Double] {
        tops[t].indices.map { t == 0 ? 0 : tops[t][$0] - tops[t - 1][$0] }
    }

    /// Adds to `dTop`, the gradient of the decoder's input, that of the penalty before dropout, or after it.
    private func add(activation factor: Double, t: Int, to dTop: [Double]) -> [Double] {
        sum(dTop, outputs[t].map { 2 * factor * weights[t] * $0 / Double(dTop.count) })
    }

    private func add(temporal factor: Double, t: Int, to dTop: [Double]) -> [Double] {
        let scale = 2 * factor / Double(dTop.count)
        let own = sum(dTop, changes(t).map { scale * weights[t] * $0 })
        return t + 1 < tops.count ? sum(own, changes(t + 1).map { -scale * weights[t + 1] * $0 }) : own
    }

    /// Adds this stream's part of all gradients.
    func backward(inputs: [Int], gradients: inout [String: [Double]], reachesFirstState: Bool) {
        let layers = (0..<model.layerCount).map { model.weights(ofLayer: $0) }
        var sums = layers.map(\.zeroed)
        var dh = layers.map { _ in [Double](repeating: 0, count: model.outputSize) }
        // By layer and time step from -1 on: the gradients of h that come from steps further ahead.
        var ahead = layers.map { _ in
            [[Double]](repeating: [Double](repeating: 0, count: model.outputSize), count: steps.count + 1)
        }
        var dc = layers.map { _ in [Double](repeating: 0, count: model.otherStateSize) }
        for t in steps.indices.reversed() {
            let dTop = add(activation: model.penalties.activation, t: t, to: dOutputs[t])
            var dx = add(
                temporal: model.penalties.temporal, t: t, to: dropped(dTop, before: layers.count, t))
            dx = model.hiddenBackward("output_mlp", x: levelOutputs[t], y: tops[t], dy: dx, &gradients)
            for k in layers.indices.reversed() {
                let joined = model.connection.backward(
                    dx, belows[t][k], steps[t][k].h, layer: k, model.parameters, &gradients)
                let dhTotal = sum(sum(dh[k], joined.dh), ahead[k][t + 1])
                let step = model.cell.backward(
                    steps[t][k], dh: dhTotal, dc: dc[k], weights: layers[k], gradient: &sums[k])
                let inputs = belows[t][k].count
                for (number, skip) in model.cell.timeSkips.enumerated() where t - skip >= -1 {
                    let start = inputs + number * model.outputSize
                    ahead[k][t - skip + 1] = sum(
                        ahead[k][t - skip + 1], Array(step.dx[start..<(start + model.outputSize)]))
                }
                let dInput = dropped(Array(step.dx[..<inputs]), before: k, t)
                (dx, dh[k], dc[k]) = (joined.dBelow.map { sum(dInput, $0) } ?? dInput, step.dhPrevious, step.dcPrevious)
            }
            let rows = embeddingRange(inputs[t * model.batchSize + stream])
            let embedded = Array(model.parameter("encoder.weight")[rows])
            dx = model.hiddenBackward("input_mlp", x: embedded, y: belows[t][0], dy: dx, &gradients)
            gradients.add("encoder.weight") { for (i, row) in rows.enumerated() { $0[row] += dx[i] } }
        }
        for k in layers.indices {
            dh[k] = sum(dh[k], ahead[k][0])
            add(sums[k], ofLayer: k, to: &gradients)
            if reachesFirstState && model.learnsFirstState {
                let slopes = model.parameter("rnn.h0_l\(k)").map { model.cell.start($0).slope }
                gradients.add("rnn.h0_l\(k)") { $0 = sum($0, elementProduct(dh[k], slopes)) }
                if model.parameters["rnn.c0_l\(k)"] != nil { gradients.add("rnn.c0_l\(k)") { $0 = sum($0, dc[k]) } }
            }
        }
    }

    /// Writes this stream's final state.
    func store(into state: inout OracleState) {
        guard let last = steps.last else { return }
        if state.tokens.isEmpty { state.tokens = Array(repeating: [], count: model.batchSize) }
        state.tokens[stream] = contexts.last ?? []
        if state.past.isEmpty { state.past = Array(repeating: [], count: model.layerCount * model.batchSize) }
        for (k, step) in last.enumerated() {
            let all = steps.reversed().map { $0[k].h } + [first[k]] + earlier[k]
            state.past[k * model.batchSize + stream] = Array(all.dropFirst().prefix((model.cell.timeSkips.last ?? 1) - 1))
            state.hidden.replaceSubrange(stateRange(layer: k), with: step.h)
            state.cell.replaceSubrange(stateRange(layer: k, size: model.otherStateSize), with: step.c)
        }
    }

    /// x times the dropout factors at time t of place k (0: the input of the first layer, L: that of the decoder).
    private func dropped(_ x: [Double], before place: Int, _ t: Int) -> [Double] {
        guard let dropout else { return x }
        let start = (t * model.batchSize + stream) * x.count
        return elementProduct(x, Array(dropout[place][start..<start + x.count]))
    }

    private func add(_ weights: OracleWeights, ofLayer k: Int, to gradients: inout [String: [Double]]) {
        var column = 0
        let rows = weights.inputBias.count
        let columns = weights.inputWeight.count / rows
        for name in model.inputNames(ofLayer: k) {
            let width = model.parameter(name).count / rows
            gradients.add(name) { gradient in
                for i in gradient.indices {
                    gradient[i] += weights.inputWeight[i / width * columns + column + i % width]
                }
            }
            column += width
        }
        for (name, values) in weights.own { gradients.add("rnn.\(name)_l\(k)") { $0 = sum($0, values) } }
        gradients.add("rnn.bias_ih_l\(k)") { $0 = sum($0, weights.inputBias) }
        if model.cell.hasRecurrentWeights {
            gradients.add("rnn.weight_hh_l\(k)") { $0 = sum($0, weights.hiddenWeight) }
            gradients.add("rnn.bias_hh_l\(k)") { $0 = sum($0, weights.hiddenBias) }
        }
        if let name = model.cell.unitVector { gradients.add("rnn.\(name)_l\(k)") { $0 = sum($0, weights.unitVector) } }
    }

    /// The place of h, or of the other states where their size is given.
    private func stateRange(layer: Int, size: Int? = nil) -> Range<Int> {
        let size = size ?? model.outputSize
        let start = (layer * model.batchSize + stream) * size
        return start..<start + size
    }

    private func embeddingRange(_ token: Int) -> Range<Int> {
        token * model.embeddingSize..<(token + 1) * model.embeddingSize
    }
}
