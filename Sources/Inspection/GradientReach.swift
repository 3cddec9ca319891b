package import Runs
import Tensors

/// How far gradients reach back in time: means over places of a text of the norms of derivatives, by layer and lag.
///
/// Sources: Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, section 2.
package struct GradientReach: Sendable {
    /// The norms for one of the states that the cell carries besides h.
    package struct State: Sendable {
        /// The letter of the state, such as c.
        package let name: String
        /// `[layers][lags]`: the Frobenius norm of dh(t)/ds(t-n) of this state s, for n = 1, 2 and so on. h and the other states of step t-n
        /// are held constant.
        package let norms: [[Double]]
    }

    /// `[layers][lags]`: the Frobenius norm of dh(t)/dh(t-n) within the layer, for n = 1, 2 and so on. The other states of step t-n, such as c of
    /// the LSTM, are held constant.
    package let hidden: [[Double]]
    /// The norms for each state besides h that has a gradient, in the order of the cell.
    package let states: [State]
    /// `[layers][lags]`: the norm of d log p(x(t+n)) / dh(t), through all layers above, for n = 1, 2 and so on; h(t) is computed from x(t).
    package let logProbability: [[Double]]
    /// The number of windows.
    package let windowCount: Int
    /// The tokens of a window: those that the model reads, and the last one that it predicts.
    package let windowLength: Int

    /// The most windows that are measured.
    private static let mostWindows = 8
    /// The rows of a Jacobian that are computed together.
    package static let rowsAtOnce = 32

    /// Measures consecutive windows of `tokens` with the state that the text before them leaves.
    ///
    /// A window has the steps of `inspected`: one more than the largest lag of `hidden`. `tokens` has at least one window and the token
    /// after it.
    ///
    /// Throws `StoredRunError.overflow` if a norm is not finite.
    package init(_ inspected: InspectedModel, _ tokens: [Int32], checkpoint: String) throws(StoredRunError) {
        let steps = inspected.steps
        precondition(tokens.count > steps, "\(tokens.count) tokens for a window of \(steps) steps")
        windowCount = min(Self.mostWindows, (tokens.count - 1) / steps)
        windowLength = steps + 1
        let names = inspected.model.stateGradients(ofLayer: 0).map(\.name)
        let sums = Sums(layers: inspected.shape.layers, steps: steps, states: names.count)
        for window in 0..<windowCount {
            let start = window * steps
            let probe = WindowProbe(inspected, tokens[start...(start + steps)])
            probe.addHidden(to: sums)
            probe.addLogProbability(to: sums)
            inspected.model.carryState(steps: steps)
        }
        let windows = Double(windowCount)
        hidden = Self.means(sums.hidden, windows)
        states = zip(names, sums.states).map { State(name: $0, norms: Self.means($1, windows)) }
        logProbability = sums.logProbability.map { norms in
            norms.enumerated().dropFirst().map { lag, sum in sum / (windows * Double(steps + 1 - lag)) }
        }
        guard (hidden + logProbability + states.flatMap(\.norms)).allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw .overflow(checkpoint: checkpoint, place: "the gradients of its states")
        }
    }

    private init(_ reach: GradientReach, lags: Int) {
        (windowCount, windowLength) = (reach.windowCount, reach.windowLength)
        hidden = reach.hidden.map { Array($0.prefix(lags)) }
        states = reach.states.map { State(name: $0.name, norms: $0.norms.map { Array($0.prefix(lags)) }) }
        logProbability = reach.logProbability.map { Array($0.prefix(lags)) }
    }

    /// The norms for the lags 1 to `lags`. A window has one lag of `logProbability` more than of `hidden`.
    package func limited(toLags lags: Int) -> GradientReach { GradientReach(self, lags: lags) }

    /// Sums over windows as means, without lag 0.
    private static func means(_ sums: [[Double]], _ windows: Double) -> [[Double]] {
        sums.map { $0.dropFirst().map { $0 / windows } }
    }
}

/// Sums of norms, by layer and lag, from 0 on.
private final class Sums {
    var hidden: [[Double]]
    var states: [[[Double]]]  // by state, then by layer and lag
    var logProbability: [[Double]]

    init(layers: Int, steps: Int, states stateCount: Int) {
        hidden = .init(repeating: .init(repeating: 0, count: steps), count: layers)
        states = .init(repeating: hidden, count: stateCount)
        logProbability = .init(repeating: .init(repeating: 0, count: steps + 1), count: layers)
    }
}

/// One window of a text, which every stream reads. Each backward pass needs a forward pass before it.
private struct WindowProbe {
    let inspected: InspectedModel
    let inputs: [Int32]  // [steps, streams]
    let targets: [Int32]  // [steps, streams]

    init(_ inspected: InspectedModel, _ tokens: ArraySlice<Int32>) {
        self.inspected = inspected
        inputs = inspected.inputs(tokens.dropLast())
        targets = inspected.inputs(tokens.dropFirst())
    }

    private var steps: Int { inspected.steps }
    private var streams: Int { inspected.streams }

    /// Adds the norms of the derivatives of the last h of each layer, by h and by the other states. Stream j computes row j of each Jacobian.
    func addHidden(to sums: Sums) {
        let columns = inspected.shape.layerSize
        let workspace = Workspace()
        let seed = workspace.matrix(rows: steps * streams, columns: columns)
        for layer in 0..<inspected.shape.layers {
            let states = inspected.model.stateGradients(ofLayer: layer).map(\.gradient)
            var squares = [Double](repeating: 0, count: steps)
            var stateSquares = [[Double]](repeating: squares, count: states.count)
            for first in stride(from: 0, to: columns, by: streams) {
                seed.pointer.update(repeating: 0, count: seed.count)
                for stream in 0..<min(streams, columns - first) {
                    seed.pointer[((steps - 1) * streams + stream) * columns + first + stream] = 1
                }
                inspected.model.forward(inputs, steps: steps)
                observe({ found, step, dH in
                    guard found == layer else { return }
                    let lag = steps - 1 - step
                    squares[lag] += Self.squares(dH, 0..<dH.rows)
                    for (index, gradient) in states.enumerated() {
                        stateSquares[index][lag] += Self.squares(gradient, 0..<gradient.rows)
                    }
                }) {
                    inspected.model.backward(inputs, fromLayer: layer, dHidden: seed, rows: inspected.rows)
                }
            }
            Self.addRoots(squares, to: &sums.hidden[layer])
            for (index, squares) in stateSquares.enumerated() { Self.addRoots(squares, to: &sums.states[index][layer]) }
        }
    }

    private static func addRoots(_ squares: [Double], to sums: inout [Double]) {
        for (lag, square) in squares.enumerated() { sums[lag] += square.squareRoot() }
    }

    /// Adds the norms of the derivatives of the log probability of each token. Stream j has the loss of one token alone.
    func addLogProbability(to sums: Sums) {
        for first in stride(from: 0, to: steps, by: streams) {
            let places = first..<min(first + streams, steps)
            var mask = [Float](repeating: 0, count: steps * streams)
            for (stream, place) in places.enumerated() { mask[place * streams + stream] = 1 }
            inspected.model.forward(inputs, steps: steps)
            _ = inspected.model.trainingLoss(targets: targets, mask: mask, gradientScale: 1, rows: inspected.rows)
            observe({ layer, step, dH in
                for (stream, place) in places.enumerated() where place >= step {
                    sums.logProbability[layer][place + 1 - step] += Self.squares(dH, stream..<(stream + 1)).squareRoot()
                }
            }) {
                inspected.model.backward(inputs, rows: inspected.rows, atEpochStart: false)
            }
        }
    }

    private func observe(_ take: @escaping (_ layer: Int, _ step: Int, _ dH: MatrixView) -> Void, _ body: () -> Void) {
        inspected.model.observeGradients(take)
        body()
        inspected.model.observeGradients(nil)
    }

    private static func squares(_ matrix: MatrixView, _ rows: Range<Int>) -> Double {
        rows.reduce(0) { sum, row in
            let start = matrix.pointer + row * matrix.rowStride
            return (0..<matrix.columns).reduce(sum) { $0 + Double(start[$1]) * Double(start[$1]) }
        }
    }
}
