import Tensors

/// What the ranks of a team give each other at a step: whole rows of all units come in, and go out, from the ranks that own the streams;
/// columns of all streams from those that work on the units.
///
/// Two slots are used in turn, so that one meeting a step is enough: what a slot held was read before the meeting before.
public struct StepRing {
    /// By set and slot: preactivations on the way in, their gradients on the way out, `[B, G*H]`, spread.
    let gates: [[MatrixView]]
    /// By slot: h in the forward pass, the gradient of the layer's output in the backward pass, `[B, H]`.
    let hidden: [MatrixView]
    /// What a cell carries besides h, `[B, H]`.
    let carried: MatrixView

    init(_ shared: UnsafeMutableBufferPointer<Float>, streams: Int, gateColumns: Int, hiddenSize: Int, sets: Int) {
        let count = Self.count(streams: streams, gateColumns: gateColumns, hiddenSize: hiddenSize, sets: sets)
        precondition(count <= shared.count, "\(count) floats in the \(shared.count) that a team shares")
        var next = shared.baseAddress!
        func matrix(columns: Int, stride: Int) -> MatrixView {
            defer { next += streams * stride }
            return MatrixView(next, rows: streams, columns: columns, rowStride: stride)
        }
        let gateStride = Self.stride(gateColumns)
        let hiddenStride = Self.stride(hiddenSize)
        gates = (0..<sets).map { _ in (0..<2).map { _ in matrix(columns: gateColumns, stride: gateStride) } }
        hidden = (0..<2).map { _ in matrix(columns: hiddenSize, stride: hiddenStride) }
        carried = matrix(columns: hiddenSize, stride: hiddenStride)
    }

    /// Floats for teams of so many streams.
    public static func count(streams: Int, gateColumns: Int, hiddenSize: Int, sets: Int) -> Int {
        streams * (2 * sets * stride(gateColumns) + 3 * stride(hiddenSize))
    }

    /// Rows begin at a cache line, so that two ranks seldom write to one.
    private static func stride(_ columns: Int) -> Int { Workspace.spreadStride(columns: (columns + 15) / 16 * 16) }
}
