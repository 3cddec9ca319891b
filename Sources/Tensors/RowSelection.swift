/// Some rows of a window, such as those whose target belongs to one part of the vocabulary. Made anew for each window in memory that stays.
public final class RowSelection {
    /// The rows that are selected.
    public private(set) var count = 0
    /// Their numbers in the window, `[count]`.
    public let numbers: UnsafeMutablePointer<Int32>
    /// The selected rows by shard; nil until `GradientRows.select` has made it.
    private var byShard: GradientRows?

    public init(maximumRows: Int, workspace: Workspace) {
        numbers = workspace.allocate(Int32.self, count: maximumRows)
    }

    /// Selects among rows `0..<rows`, in their order, for a loss without a backward pass.
    @inline(__always)
    public func select(rows: Int, _ includes: (Int) -> Bool) {
        count = 0
        for row in 0..<rows where includes(row) { append(row) }
    }

    /// Selects among the rows of a window shard by shard in the order (t, b), so that the rows of a shard follow each other. Then
    /// `gradientRows` has them as a window of a single step.
    @inline(__always)
    public func select(steps: Int, of rows: GradientRows, _ includes: (Int) -> Bool) {
        count = 0
        let selected = byShard ?? rows.sharingScratch()
        byShard = selected
        for leaf in 0..<rows.leafCount {
            let first = count
            rows.forEachRow(of: leaf, steps: steps) { if includes($0) { append($0) } }
            selected.setRows(first..<count, of: leaf)
        }
    }

    /// The rows of the last selection by shard.
    public var gradientRows: GradientRows {
        guard let byShard else { preconditionFailure("a selection without shards has no gradients") }
        return byShard
    }

    private func append(_ row: Int) {
        numbers[count] = Int32(row)
        count += 1
    }

    /// The selected rows of `x`, one after the other: `[count, n]` at the start of `rows`.
    public func gather(_ x: MatrixView, into rows: MatrixView) -> MatrixView {
        let result = rows.prefix(rows: count)
        RowKernels.gather(x, ids: numbers, into: result)
        return result
    }

    /// Adds row i of `x` `[count, n]` to the selected row i of `y`.
    public func scatterAdd(_ x: MatrixView, to y: MatrixView) {
        for i in 0..<count {
            let row = Int(numbers[i])
            RowKernels.add(x.slice(rows: i..<(i + 1)), to: y.slice(rows: row..<(row + 1)))
        }
    }
}
