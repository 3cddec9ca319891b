import Tensors

/// The memory through which the ranks of a team exchange data at a step. The rank that owns a stream writes and reads complete
/// rows of all units. The rank that owns a unit reads and writes columns of all streams.
///
/// Two slots are used in turn, so one barrier per step suffices: the previous content of a slot was read before the last barrier.
struct StepRing {
    /// By set and slot: preactivations in the forward pass, their gradients in the backward pass, `[B, G*H]`, spread.
    let gates: [[MatrixView]]
    /// By slot: h in the forward pass, the gradient of the layer's output in the backward pass, `[B, H]`.
    let hidden: [MatrixView]
    /// The states before and after the window, `[B, H]` each: h, which uses the first slot of `hidden`, and the cell's others.
    let states: [MatrixView]

    /// The sizes of a ring.
    struct Shape {
        let gateColumns: Int
        let hiddenSize: Int
        /// Sets of gates whose gradients are needed.
        let gateSets: Int
        /// The states of the layer, including h.
        let states: Int

        var floatsPerStream: Int { 2 * gateSets * stride(gateColumns) + (1 + states) * stride(hiddenSize) }
    }

    /// Uses the shared memory of a team with `streams` streams.
    init(_ shape: Shape, streams: Int, _ shared: UnsafeMutableBufferPointer<Float>) {
        let count = streams * shape.floatsPerStream
        precondition(count <= shared.count, "\(count) floats in the \(shared.count) that a team shares")
        var next = shared.baseAddress!
        func matrix(columns: Int) -> MatrixView {
            let stride = stride(columns)
            defer { next += streams * stride }
            return MatrixView(next, rows: streams, columns: columns, rowStride: stride)
        }
        gates = (0..<shape.gateSets).map { _ in (0..<2).map { _ in matrix(columns: shape.gateColumns) } }
        hidden = (0..<2).map { _ in matrix(columns: shape.hiddenSize) }
        states = [hidden[0]] + (1..<shape.states).map { _ in matrix(columns: shape.hiddenSize) }
    }
}

/// Rows begin at a cache line, so two ranks seldom write to the same line.
private func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: (columns + 15) / 16 * 16) }
