internal import CKernels

/// From what the sums of a product begin.
public enum ProductStart {
    case zero
    /// What the result holds already.
    case result
    /// The same row of biases for all rows, `[columns]`.
    case bias(UnsafePointer<Float>)
}

/// A weight matrix packed for use as the right operand of products: panels of 32 columns, `[ceil(columns/32)][inner][32]`.
///
/// A recurrent net uses the same weights at every time step; packed once, even few rows run near the processor's peak. Every output
/// is one chain of fused multiply-adds over the inner index, so that a row's bits do not depend on the number of rows.
/// The panels belong to the `PackedWeights` that made this view.
public struct PackedMatrix {
    /// Terms of each sum.
    public let inner: Int
    /// Columns of the result.
    public let columns: Int
    private let panels: UnsafePointer<Float>

    init(inner: Int, columns: Int, panels: UnsafePointer<Float>) {
        self.inner = inner
        self.columns = columns
        self.panels = panels
    }

    /// `result = start + a * packed`.
    ///
    /// Shapes: `a` `[m, inner]`, `result` `[m, columns]`. Cost: 2 m inner columns floating-point operations.
    public func multiply(_ a: MatrixView, into result: MatrixView, from start: ProductStart = .zero) {
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        precondition(result.columns == columns, "result of \(result.columns) columns, not \(columns)")
        run(a, at: panels, columns: columns, into: result, from: start)
    }

    /// The same for some of the result's columns, which begin at a panel: `result` `[m, range.count]`.
    public func multiply(_ a: MatrixView, columns range: Range<Int>, into result: MatrixView, from start: ProductStart) {
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        precondition(range.lowerBound % Self.panelWidth == 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        precondition(result.columns == range.count, "result of \(result.columns) columns, not \(range.count)")
        run(a, at: panels + range.lowerBound * inner, columns: range.count, into: result, from: start)
    }

    /// The same over some of the inner terms alone: `a` `[m, range.count]`.
    public func multiply(_ a: MatrixView, terms range: Range<Int>, into result: MatrixView, from start: ProductStart) {
        precondition(a.columns == range.count && range.upperBound <= inner, "\(a.columns) columns for terms \(range) of \(inner)")
        precondition(result.columns == columns, "result of \(result.columns) columns, not \(columns)")
        run(a, at: panels + range.lowerBound * Self.panelWidth, columns: columns, into: result, from: start)
    }

    /// Columns of a panel.
    static let panelWidth = Int(CK_PANEL)

    private func run(
        _ a: MatrixView, at panels: UnsafePointer<Float>, columns: Int, into result: MatrixView, from start: ProductStart
    ) {
        precondition(result.rows == a.rows, "result of \(result.rows) rows, not \(a.rows)")
        var bias: UnsafePointer<Float>?
        var accumulates = false
        switch start {
        case .zero: break
        case .result: accumulates = true
        case .bias(let values): bias = values
        }
        ck_gemm(
            a.rows, columns, a.columns, a.pointer, a.rowStride, panels, inner * Self.panelWidth, bias, accumulates ? 1 : 0,
            result.pointer, result.rowStride)
    }
}
