/// A matrix in the parameter arena of which a step uses few rows. Only these have gradients.
public struct SparseTable: Sendable, Equatable {
    /// The elements of the arena.
    public let elements: Range<Int>
    /// The elements of a row.
    public let rowWidth: Int

    public init(_ elements: Range<Int>, rowWidth: Int) {
        precondition(rowWidth > 0 && elements.count % rowWidth == 0, "\(elements.count) elements in rows of \(rowWidth)")
        self.elements = elements
        self.rowWidth = rowWidth
    }
}

/// The rows of a sparse table whose gradients the last backward pass wrote. All other rows of the gradient are zero.
///
/// A backward pass calls `clear`, and `insert` for each row that it writes.
public final class WrittenRows {
    private let table: Parameter
    private let mostRows: Int
    private let rows: UnsafeMutablePointer<Int32>  // [mostRows]
    private let contains: UnsafeMutablePointer<Bool>  // [table.rows]
    private var count = 0

    /// For at most `mostRows` different rows; 0 for a model without a backward pass.
    init(of table: Parameter, mostRows: Int, workspace: Workspace) {
        self.table = table
        self.mostRows = min(mostRows, table.rows)
        rows = workspace.allocate(Int32.self, count: self.mostRows)
        contains = workspace.allocate(Bool.self, count: mostRows > 0 ? table.rows : 0)
    }

    /// The rows, each once.
    public var numbers: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: rows, count: count) }

    /// Sets the gradients of the rows to zero, and removes all rows.
    public func clear() {
        for row in numbers {
            table.clearGradients(row: Int(row))
            contains[Int(row)] = false
        }
        count = 0
    }

    /// Adds a row whose gradient is written.
    public func insert(_ row: Int32) {
        guard !contains[Int(row)] else { return }
        precondition(count < mostRows, "more than \(mostRows) rows of \(table.name) have gradients")
        contains[Int(row)] = true
        rows[count] = row
        count += 1
    }
}
