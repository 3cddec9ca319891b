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

    /// Row `row` of `y` += `factor` times that of `x`, which may be the same.
    public static func add(_ factor: Float, times x: MatrixView, to y: MatrixView, row: Int) {
        precondition(x.columns == y.columns, "a row of \(x.columns) to one of \(y.columns)")
        ck_add_multiple(x.columns, factor, x.pointer + row * x.rowStride, y.pointer + row * y.rowStride)
    }

    /// Row `to` of `y` += `factor` times row `from` of `x`.
    public static func add(_ factor: Float, times x: MatrixView, row from: Int, to y: MatrixView, row to: Int) {
        precondition(x.columns == y.columns, "a row of \(x.columns) to one of \(y.columns)")
        ck_add_multiple(x.columns, factor, x.pointer + from * x.rowStride, y.pointer + to * y.rowStride)
    }

    /// Row `to` of `y` = `factor` times row `from` of `x`.
    public static func multiply(_ factor: Float, _ x: MatrixView, row from: Int, into y: MatrixView, row to: Int) {
        precondition(x.columns == y.columns, "a row of \(x.columns) into one of \(y.columns)")
        let (values, result) = (x.pointer + from * x.rowStride, y.pointer + to * y.rowStride)
        for i in 0..<x.columns { result[i] = factor * values[i] }
    }

    /// The sum of the products of `count` elements, in double and in four chains.
    public static func dot(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>) -> Double {
        var sums = (0.0, 0.0, 0.0, 0.0)
        var i = 0
        while i + 4 <= count {
            sums.0 += Double(x[i]) * Double(y[i])
            sums.1 += Double(x[i + 1]) * Double(y[i + 1])
            sums.2 += Double(x[i + 2]) * Double(y[i + 2])
            sums.3 += Double(x[i + 3]) * Double(y[i + 3])
            i += 4
        }
        while i < count {
            sums.0 += Double(x[i]) * Double(y[i])
            i += 1
        }
        return (sums.0 + sums.1) + (sums.2 + sums.3)
    }

    /// Multiplies row `row` of `x`.
    public static func scale(_ x: MatrixView, row: Int, by factor: Float) {
        let values = x.pointer + row * x.rowStride
        for i in 0..<x.columns { values[i] *= factor }
    }

    /// The scalar product of `v` with each row of `x`. Shapes: `v` `[n]`, `x` `[rows, n]`, `products` `[rows]`.
    public static func dots(_ v: UnsafePointer<Float>, with x: MatrixView, into products: UnsafeMutablePointer<Float>) {
        ck_row_dots(x.rows, x.columns, v, x.pointer, x.rowStride, products)
    }

    /// Adds `factor` times the difference of the rows `row` and `previous` of `x` to row `row` of `dX`, and subtracts it from row `previous`.
    public static func addDifference(_ factor: Float, of x: MatrixView, row: Int, previous: Int, to dX: MatrixView) {
        precondition(x.columns == dX.columns, "rows of \(x.columns) to those of \(dX.columns)")
        let (current, before) = (row * x.rowStride, previous * x.rowStride)
        let (dCurrent, dBefore) = (row * dX.rowStride, previous * dX.rowStride)
        ck_add_difference(
            x.columns, factor, x.pointer + current, x.pointer + before, dX.pointer + dCurrent, dX.pointer + dBefore)
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

    /// `y = gain * normal + bias`, or what is added to it, with `normal = (x - mean) * scale` and `scale = 1 / sqrt(variance + 1e-5)` over the
    /// columns of each row.
    ///
    /// Shapes: `x`, `normal` and `y` `[rows, n]`, which may be the same memory; `gain`, `bias` `[n]`; `scales` `[rows]`.
    public static func normalize(
        _ x: MatrixView, gain: UnsafePointer<Float>, bias: UnsafePointer<Float>, normal: MatrixView, into y: MatrixView,
        adding: Bool, scales: UnsafeMutablePointer<Float>
    ) {
        ck_normalize(
            x.rows, x.columns, x.pointer, x.rowStride, gain, bias, normal.pointer, normal.rowStride, y.pointer, y.rowStride,
            adding ? 1 : 0, scales)
    }

    /// The gradient of x, or what is added to it, from that of y. Those of gain and bias are added to `dGain` and `dBias`, `[rows, n]`.
    public static func normalizeBackward(
        _ dY: MatrixView, gain: UnsafePointer<Float>, normal: MatrixView, scales: UnsafePointer<Float>, into dX: MatrixView,
        adding: Bool, dGain: MatrixView, dBias: MatrixView?
    ) {
        ck_normalize_backward(
            dY.rows, dY.columns, dY.pointer, dY.rowStride, gain, normal.pointer, normal.rowStride, scales, dX.pointer,
            dX.rowStride, adding ? 1 : 0, dGain.pointer, dBias?.pointer)
    }

    /// e^x, tanh x and the logistic function of `count` floats; worst errors over all floats about 1, 1.3 and 2 ulp.
    ///
    /// Results that would be denormal may be 0.
    public static func exp(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) { ck_exp(count, x, y) }
    /// The hyperbolic tangent of `count` elements.
    public static func tanh(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) { ck_tanh(count, x, y) }
    /// `1 / (1 + e^-x)` of `count` elements.
    public static func sigmoid(count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        ck_sigmoid(count, x, y)
    }

    /// The natural logarithm, the same bits on every processor; error under 1 ulp.
    public static func log(_ x: Double) -> Double { ck_log(x) }

    /// e^x in double, the same bits on every processor; error under 1 ulp. A result that would be denormal may be 0.
    public static func exp(_ x: Double) -> Double { ck_exp_double(x) }
}
