internal import CKernels

/// Gradients of weights from operands that are rounded to bf16, in the tree order of `GradientRows`.
///
/// A shard's rows are taken in pairs, in the order (t, b), its last row alone if their number is odd; sums and what is added in the
/// tree are floats.
package final class BFloat16Gradient {
    /// A window's rows packed as the right operand.
    package final class PackedRows {
        package let columns: Int
        fileprivate let panels: UnsafeMutablePointer<UInt16>

        fileprivate init(columns: Int, panels: UnsafeMutablePointer<UInt16>) {
            self.columns = columns
            self.panels = panels
        }
    }

    /// What `dY` is multiplied with, and one pointer for each output of the program, `[*, input.columns]`.
    package struct Side {
        let input: PackedRows
        let outputs: UnsafePointer<UnsafeMutablePointer<Float>?>

        package init(input: PackedRows, outputs: UnsafePointer<UnsafeMutablePointer<Float>?>) {
            self.input = input
            self.outputs = outputs
        }
    }

    /// Which rows of a window hold which token, sorted by token, then leaf, then (t, b).
    package struct Occurrences {
        package var starts: [Int32]  // [V + 1]
        package var rows: [Int32]  // [T * B]
        package var leaves: [Int32]  // [T * B]
        package var values: MatrixView  // [T * B, columns]

        package init(starts: [Int32], rows: [Int32], leaves: [Int32], values: MatrixView) {
            (self.starts, self.rows, self.leaves, self.values) = (starts, rows, leaves, values)
        }
    }

    private let program: TreeProgram
    private let streams: Int
    private let segments: UnsafeMutablePointer<ck_segment>
    private let workspace: Workspace
    private let windowRows: Int
    private let scratch: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - program: from single shards, one leaf each, to the subtrees that are wanted.
    ///   - streamsOfShards: for each leaf its streams.
    ///   - streams: of a time step.
    ///   - maximumSteps: the longest window.
    package init(program: TreeProgram, streamsOfShards: [Range<Int>], streams: Int, maximumSteps: Int, workspace: Workspace) {
        precondition(streamsOfShards.count == program.leaves.count, "one range of streams for each leaf")
        self.program = program
        self.streams = streams
        self.workspace = workspace
        windowRows = maximumSteps * streams
        segments = workspace.allocate(ck_segment.self, count: streamsOfShards.count)
        for (leaf, range) in streamsOfShards.enumerated() {
            segments[leaf] = ck_segment(first: Int32(range.lowerBound), count: Int32(range.count))
        }
        scratch = workspace.allocate(Float.self, count: ck_bf16_gradient_scratch(windowRows, streamsOfShards.count))
    }

    private func rows(_ steps: Int) -> ck_rows {
        ck_rows(
            steps: steps, streams: streams, segments: segments, ops: program.operations.baseAddress,
            op_count: program.operations.count)
    }

    /// Rounds and packs `x` `[steps*streams, columns]`, once for any number of gradients.
    package func pack(_ x: MatrixView, steps: Int) -> PackedRows {
        let count = ck_bf16_rows_count(x.columns, windowRows, program.leaves.count)
        let packed = PackedRows(columns: x.columns, panels: workspace.allocate(UInt16.self, count: count))
        var rows = rows(steps)
        ck_bf16_pack_rows(&rows, x.columns, x.pointer, x.rowStride, packed.panels)
        return packed
    }

    /// Rows `firstRow ..< firstRow + dY.columns` of each side's outputs = sum over rows of `dY[row, :]^T x[row, :]`, overwritten; with
    /// `tied`, the rows that hold an output row's token are added to each shard's sum, in floats.
    package func weightGradient(steps: Int, dY: MatrixView, sides: [Side], firstRow: Int = 0, tied: Occurrences? = nil) {
        var rows = rows(steps)
        let sides = sides.map { side in
            ck_gradient_side(
                k: side.input.columns, panels: side.input.panels, outputs: side.outputs, ldo: side.input.columns)
        }
        withOccurrences(tied) { occurrences in
            ck_bf16_weight_gradient(
                dY.columns, &rows, dY.pointer, dY.rowStride, sides, sides.count, firstRow, occurrences, scratch)
        }
    }

    private func withOccurrences(_ tied: Occurrences?, _ body: (UnsafePointer<ck_occurrences>?) -> Void) {
        guard let tied else { return body(nil) }
        tied.starts.withUnsafeBufferPointer { starts in
            tied.rows.withUnsafeBufferPointer { rows in
                tied.leaves.withUnsafeBufferPointer { leaves in
                    var table = ck_occurrences(
                        starts: starts.baseAddress, rows: rows.baseAddress, leaves: leaves.baseAddress,
                        values: tied.values.pointer,
                        ld: tied.values.rowStride)
                    body(&table)
                }
            }
        }
    }
}
