import Tensors

/// What the ranks of a team give each other at a step: whole rows of all units come in, and go out, from the ranks that own the streams;
/// columns of all streams from those that work on the units.
///
/// All layers use the same memory. Two slots are used in turn, so that one meeting a step is enough: what a slot held was read before the meeting before.
struct StepRing {
    /// By set and slot: preactivations on the way in, their gradients on the way out, `[B, G*H]`, spread.
    let gates: [[MatrixView]]
    /// By slot: the gradient of the layer's output, `[B, H]`.
    let dOutput: [MatrixView]
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
        let gateStride = StepTeam.stride(gateColumns)
        let hiddenStride = StepTeam.stride(hiddenSize)
        gates = (0..<sets).map { _ in (0..<2).map { _ in matrix(columns: gateColumns, stride: gateStride) } }
        dOutput = (0..<2).map { _ in matrix(columns: hiddenSize, stride: hiddenStride) }
        carried = matrix(columns: hiddenSize, stride: hiddenStride)
    }

    /// Floats for teams of so many streams.
    static func count(streams: Int, gateColumns: Int, hiddenSize: Int, sets: Int) -> Int {
        streams * (2 * sets * StepTeam.stride(gateColumns) + 3 * StepTeam.stride(hiddenSize))
    }
}
