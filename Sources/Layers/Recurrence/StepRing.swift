import Tensors

/// What the ranks of a team give each other at a step: whole rows of all units come in, and go out, from the ranks that own the streams;
/// columns of all streams from those that work on the units.
///
/// Two slots are used in turn, so that one meeting a step is enough: what a slot held was read before the meeting before.
struct StepRing {
    /// By set and slot: preactivations on the way in, their gradients on the way out, `[B, G*H]`, spread.
    let gates: [[MatrixView]]
    /// By slot: h in the forward pass, the gradient of the layer's output in the backward pass, `[B, H]`.
    let hidden: [MatrixView]
    /// The states before the window and after it, `[B, H]` each: h, which has the first slot of `hidden`, and the cell's others.
    let states: [MatrixView]

    /// What a ring holds.
    struct Shape {
        let gateColumns: Int
        let hiddenSize: Int
        /// Sets of gates whose gradients are needed.
        let gateSets: Int
        /// States of the layer, h among them.
        let states: Int

        var floatsPerStream: Int { 2 * gateSets * stride(gateColumns) + (1 + states) * stride(hiddenSize) }
    }

    /// Over the memory of a team of so many streams.
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

/// Rows begin at a cache line, so that two ranks seldom write to one.
private func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: (columns + 15) / 16 * 16) }
