/// A non-owning view of a row-major matrix of floats.
///
/// Use it only in the inner targets: it does not own, count or check its memory, which must outlive it.
public struct MatrixView {
    /// The first element of the first row.
    public let pointer: UnsafeMutablePointer<Float>
    public let rows: Int
    public let columns: Int
    /// Floats from one row to the next.
    public let rowStride: Int

    public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil) {
        self.pointer = pointer
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride ?? columns
    }

    /// The first `count` rows.
    public func prefix(rows count: Int) -> MatrixView {
        precondition(count <= rows, "\(count) rows of a matrix of \(rows)")
        return MatrixView(pointer, rows: count, columns: columns, rowStride: rowStride)
    }

    /// Rows `range`, sharing the same memory.
    public func slice(rows range: Range<Int>) -> MatrixView {
        precondition(range.upperBound <= rows, "rows \(range) of a matrix of \(rows)")
        return MatrixView(pointer + range.lowerBound * rowStride, rows: range.count, columns: columns, rowStride: rowStride)
    }

    /// Columns `range` of every row, sharing the same memory.
    public func slice(columns range: Range<Int>) -> MatrixView {
        precondition(range.upperBound <= columns, "columns \(range) of a matrix of \(columns)")
        return MatrixView(pointer + range.lowerBound, rows: rows, columns: range.count, rowStride: rowStride)
    }

    /// The number of elements. The matrix must have no gaps between its rows.
    public var count: Int {
        precondition(rowStride == columns || rows <= 1, "`count` of a matrix with gaps between its rows")
        return rows * columns
    }
}
