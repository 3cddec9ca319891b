internal import CKernels

/// A weight matrix packed for use as the right operand of products: panels of 32 columns, `[ceil(columns/32)][inner][32]`.
///
/// A recurrent net uses the same weights at every time step; packed once, even few rows run near the processor's peak. Every output
/// is one chain of fused multiply-adds over the inner index, so that a row's bits do not depend on the number of rows.
public final class PackedMatrix {
    /// Terms of each sum.
    public let inner: Int
    /// Columns of the result.
    public let columns: Int
    private let panels: UnsafeMutablePointer<Float>

    /// Room for an operand of `inner` rows and `columns` columns, in `workspace`.
    public init(inner: Int, columns: Int, workspace: Workspace) {
        self.inner = inner
        self.columns = columns
        panels = workspace.allocate(Float.self, count: ck_packed_count(columns, inner))
    }

    /// Packs `weights` `[columns, inner]` for products `a * weights^T`.
    public func packTransposed(_ weights: MatrixView) {
        precondition(
            weights.rows == columns && weights.columns == inner,
            "weights [\(weights.rows), \(weights.columns)] for an operand [\(columns), \(inner)]")
        ck_pack_transposed(columns, inner, weights.pointer, weights.rowStride, panels)
    }

    /// Packs `weights` `[inner, columns]` for products `a * weights`.
    public func pack(_ weights: MatrixView) {
        precondition(
            weights.rows == inner && weights.columns == columns,
            "weights [\(weights.rows), \(weights.columns)] for an operand [\(inner), \(columns)]")
        ck_pack(columns, inner, weights.pointer, weights.rowStride, panels)
    }

    /// `result = a * packed`, or `result += a * packed` with `accumulate`.
    ///
    /// Shapes: `a` `[m, inner]`, `result` `[m, columns]`. Cost: 2 m inner columns floating-point operations.
    public func multiply(_ a: MatrixView, into result: MatrixView, accumulate: Bool) {
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        precondition(
            result.rows == a.rows && result.columns == columns,
            "result [\(result.rows), \(result.columns)] for a product [\(a.rows), \(columns)]")
        ck_gemm(a.rows, columns, inner, a.pointer, a.rowStride, panels, result.pointer, result.rowStride, accumulate ? 1 : 0)
    }
}
