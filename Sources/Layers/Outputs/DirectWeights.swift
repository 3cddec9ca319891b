import Tensors

/// A table `[R, n]` of direct weights from hashed contexts to n logits: a row of logits is increased by the rows of its contexts.
///
/// A window touches at most `T B` times the order of the table's rows; the gradient of the others is zero.
/// Source: Mikolov et al. 2011, "Strategies for training large scale neural network language models", section 6. Contexts that share a row
/// are not told apart.
final class DirectWeights {
    private let features: ContextFeatures
    private let table: Parameter  // [R, n]
    private let written: WrittenRows
    private let ids: UnsafeMutablePointer<Int32>  // [T*B, order], rows of the table; -1: none
    private let occurrences: TokenOccurrences?
    private var gradientRows: (rows: GradientRows, steps: Int)?

    /// A table of at most `size` weights, and at least one row.
    init(_ name: String, size: Int, columns: Int, _ features: ContextFeatures, _ builder: Builder) {
        self.features = features
        let (capacity, workspace, rowCount) = (builder.capacity, builder.workspace, max(size / columns, 1))
        let count = capacity.rows * features.order
        (table, written) = builder.sparseTable(
            name, [rowCount, columns], start: .spread(from: 0, to: 0), mostRows: count)
        ids = workspace.allocate(Int32.self, count: count)
        occurrences =
            capacity.training
            ? TokenOccurrences(vocabularySize: rowCount, maximumRows: count, workspace: workspace) : nil
    }

    /// Finds the rows of the contexts of `rows` rows. `targets` is the class of targets of a row; below 0: the row has no contexts.
    @inline(__always)
    func begin(rows: Int, targets: (Int) -> Int) {
        for row in 0..<rows {
            let (target, own) = (targets(row), ids + row * features.order)
            for length in 0..<features.order {
                own[length] = target < 0 ? -1 : features.tableRow(row, length, of: target, rowCount: table.rows)
            }
        }
    }

    /// Adds the weights of columns `columns` to `logits` `[rows, columns.count]`. Row i has the contexts of row `numbers[i]`; nil: of row i.
    func add(to logits: MatrixView, columns: Range<Int>, numbers: UnsafePointer<Int32>? = nil) {
        let weights = table.matrix.slice(columns: columns)
        for row in 0..<logits.rows {
            let own = ids + (numbers.map { Int($0[row]) } ?? row) * features.order
            for length in 0..<features.order where own[length] >= 0 {
                RowKernels.add(1, times: weights, row: Int(own[length]), to: logits, row: row)
            }
        }
    }

    /// Adds the weights for one row and one class of targets to `logits` `[1, n]`, without `begin`.
    func add(row: Int, targets: Int, to logits: MatrixView) {
        let weights = table.matrix.slice(columns: 0..<logits.columns)
        for length in 0..<features.order {
            let id = features.tableRow(row, length, of: targets, rowCount: table.rows)
            if id >= 0 { RowKernels.add(1, times: weights, row: Int(id), to: logits, row: 0) }
        }
    }

    /// Sorts the contexts of the last `begin`, for `gradient`. Sets the gradient of the last window to zero.
    func beginGradient(steps: Int, rows: GradientRows) {
        guard let occurrences else { preconditionFailure("backward pass of a model without training buffers") }
        written.clear()
        for i in 0..<(steps * rows.streams * features.order) where ids[i] >= 0 { written.insert(ids[i]) }
        rows.sort(ids, perRow: features.order, steps: steps, into: occurrences)
        gradientRows = (rows, steps)
    }

    /// The gradient of columns `columns` from that of their logits, `[steps*streams, columns.count]`; the other columns stay.
    func gradient(_ dLogits: MatrixView, columns: Range<Int>) {
        guard let occurrences, let (rows, steps) = gradientRows else {
            preconditionFailure("a gradient before `beginGradient`")
        }
        rows.tableGradient(table, columns: columns, steps: steps, dY: dLogits, occurrences: occurrences)
    }
}
