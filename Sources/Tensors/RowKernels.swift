internal import CKernels

/// Copies, sums and losses over rows, and elementary functions.
public enum RowKernels {
    /// Each row of `y` = `bias` + `other`.
    public static func fill(_ y: MatrixView, bias: UnsafePointer<Float>, other: UnsafePointer<Float>? = nil) {
        ck_fill_rows(y.rows, y.columns, bias, other, y.pointer, y.rowStride)
    }

    /// `y += x`.
    public static func add(_ x: MatrixView, to y: MatrixView) {
        precondition(x.rows == y.rows && x.columns == y.columns, "\(x.rows) rows of \(x.columns) to \(y.rows) of \(y.columns)")
        for row in 0..<x.rows { ck_add(x.columns, x.pointer + row * x.rowStride, y.pointer + row * y.rowStride) }
    }

    /// `y = x`.
    public static func copy(_ x: MatrixView, into y: MatrixView) {
        precondition(x.rows == y.rows && x.columns == y.columns, "\(x.rows) rows of \(x.columns) into \(y.rows) of \(y.columns)")
        for row in 0..<x.rows {
            (y.pointer + row * y.rowStride).update(from: x.pointer + row * x.rowStride, count: x.columns)
        }
    }

    /// `y[r, :] = table[ids[r], :]`. Shapes: `y` `[rows, n]`, `table` of `n` columns, `ids` `[rows]`.
    public static func gather(_ table: MatrixView, ids: UnsafePointer<Int32>, into y: MatrixView) {
        precondition(y.columns == table.columns, "rows of \(table.columns) columns, not \(y.columns)")
        ck_gather_rows(y.rows, y.columns, table.pointer, table.rowStride, ids, y.pointer, y.rowStride)
    }

    /// e^x, tanh x and the logistic function of `count` floats; worst errors over all floats about 1, 1.3 and 2 ulp.
    ///
    /// Results that would be denormal may be 0.
    public static func exp(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) { ck_exp(count, x, y) }
    public static func tanh(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) { ck_tanh(count, x, y) }
    public static func sigmoid(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        ck_sigmoid(count, x, y)
    }

    /// The natural logarithm, the same bits on every processor; error under 1 ulp.
    public static func log(_ x: Double) -> Double { ck_log(x) }

    /// e^x in double, the same bits on every processor; error under 1 ulp. A result that would be denormal may be 0.
    public static func exp(_ x: Double) -> Double { ck_exp_double(x) }
}
