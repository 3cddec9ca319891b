internal import CKernels

/// The initial value of the sums of a product.
public enum ProductStart {
    case zero
    /// The current content of the result.
    case result
    /// The same row of biases for all rows, `[columns]`.
    case bias(UnsafePointer<Float>)
}

/// The left operand of several products with one packed matrix: see `PackedMatrix.left`.
public struct LeftOperand {
    let rows: MatrixView
    let strips: UnsafePointer<Float>?
}

/// A weight matrix packed as the right operand of products: panels of 32 columns, `[ceil(columns/32)][inner][32]`.
///
/// A recurrent network uses the same weights at every time step. With packed weights, even a product of few rows runs near the
/// processor's peak. Every output is one chain of fused multiply-adds over the inner index, so a row's bits do not depend on the
/// number of rows. In bf16 the panels hold pairs of terms, `[ceil(columns/32)][ceil(inner/2)][32][2]`, and the product rounds the
/// left operand.
/// The panels belong to the `PackedWeights` that created this view.
public struct PackedMatrix {
    /// Terms of each sum.
    public let inner: Int
    /// Columns of the result.
    public let columns: Int
    private let panels: UnsafePointer<Float>  // or bf16 numbers
    private let precision: Precision
    private let scratch: UnsafeMutablePointer<Float>  // for the left operand in bf16

    init(
        inner: Int, columns: Int, panels: UnsafePointer<Float>, precision: Precision, scratch: UnsafeMutablePointer<Float>
    ) {
        self.inner = inner
        self.columns = columns
        self.panels = panels
        self.precision = precision
        self.scratch = scratch
    }

    /// The operand of a weight with `columns` columns, for the measuring pass.
    init(_ operand: PackedOperand, columns: Int, precision: Precision) {
        let isForward = operand.form == .forward
        let none = UnsafeMutableRawPointer.untouchable.assumingMemoryBound(to: Float.self)
        self.init(
            inner: isForward ? columns : operand.rows.count, columns: isForward ? operand.rows.count : columns, panels: none,
            precision: precision, scratch: none)
    }

    /// `result = start + a * packed`.
    ///
    /// Shapes: `a` `[m, inner]`, `result` `[m, columns]`. Cost: 2 m inner columns floating-point operations.
    public func multiply(_ a: MatrixView, into result: MatrixView, from start: ProductStart = .zero) {
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        precondition(result.columns == columns, "result of \(result.columns) columns, not \(columns)")
        run(a, columns: 0..<columns, firstTerm: 0, into: result, from: start)
    }

    /// `result = start + a * packed` for some columns of the result. `range` begins at a panel; `result` is `[m, range.count]`.
    public func multiply(_ a: MatrixView, columns range: Range<Int>, into result: MatrixView, from start: ProductStart) {
        check(a, columns: range, of: result)
        run(a, columns: range, firstTerm: 0, into: result, from: start)
    }

    /// `result = start + a * packed` for some columns of the result, with a left operand from `left(_:in:)`. The bits are the
    /// same.
    public func multiply(_ a: LeftOperand, columns range: Range<Int>, into result: MatrixView, from start: ProductStart) {
        check(a.rows, columns: range, of: result)
        run(a.rows, strips: a.strips, columns: range, firstTerm: 0, into: result, from: start)
    }

    /// `a` as the left operand of several products. If the precision needs it, `a` is rounded and packed once into `storage`,
    /// which has `leftCount(rows:)` floats. `a` and `storage` must outlive the products.
    public func left(_ a: MatrixView, in storage: UnsafeMutablePointer<Float>) -> LeftOperand {
        guard precision == .bf16 else { return LeftOperand(rows: a, strips: nil) }
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        ck_bf16_pack_left(a.rows, a.columns, a.pointer, a.rowStride, storage)
        return LeftOperand(rows: a, strips: UnsafePointer(storage))
    }

    /// The size of `storage` for `left(_:in:)`, in floats.
    public func leftCount(rows: Int) -> Int { Self.leftCount(rows: rows, inner: inner, precision) }

    /// The same for an inner size, before there is a matrix.
    public static func leftCount(rows: Int, inner: Int, _ precision: Precision) -> Int {
        precision == .bf16 ? ck_bf16_left_count(rows, inner) : 0
    }

    private func check(_ a: MatrixView, columns range: Range<Int>, of result: MatrixView) {
        precondition(a.columns == inner, "left operand of \(a.columns) columns, inner size \(inner)")
        precondition(range.lowerBound % Self.panelWidth == 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        precondition(result.columns == range.count, "result of \(result.columns) columns, not \(range.count)")
    }

    /// `result = start + a * packed` over some of the inner terms: `a` `[m, range.count]`. `range` begins at an even term.
    public func multiply(_ a: MatrixView, terms range: Range<Int>, into result: MatrixView, from start: ProductStart) {
        precondition(a.columns == range.count && range.upperBound <= inner, "\(a.columns) columns for terms \(range) of \(inner)")
        precondition(result.columns == columns, "result of \(result.columns) columns, not \(columns)")
        precondition(
            range.lowerBound % 2 == 0 && (range.upperBound % 2 == 0 || range.upperBound == inner),
            "terms \(range) of \(inner) do not begin and end between pairs")
        run(a, columns: 0..<columns, firstTerm: range.lowerBound, into: result, from: start)
    }

    /// Columns of a panel.
    public static let panelWidth = Int(CK_PANEL)

    /// - Parameter strips: `a`, packed.
    private func run(
        _ a: MatrixView, strips: UnsafePointer<Float>? = nil, columns range: Range<Int>, firstTerm: Int, into result: MatrixView,
        from start: ProductStart
    ) {
        precondition(result.rows == a.rows, "result of \(result.rows) rows, not \(a.rows)")
        var bias: UnsafePointer<Float>?
        var accumulates: Int32 = 0
        switch start {
        case .zero: break
        case .result: accumulates = 1
        case .bias(let values): bias = values
        }
        let firstPanel = range.lowerBound / Self.panelWidth
        switch precision {
        case .fp32:
            let stride = inner * Self.panelWidth
            ck_gemm(
                a.rows, range.count, a.columns, a.pointer, a.rowStride,
                panels + firstPanel * stride + firstTerm * Self.panelWidth, stride, bias, accumulates, result.pointer,
                result.rowStride)
        case .bf16:
            let stride = (inner + 1) / 2 * 2 * Self.panelWidth
            let numbers = UnsafeRawPointer(panels).assumingMemoryBound(to: UInt16.self)
            let first = numbers + firstPanel * stride + firstTerm * Self.panelWidth
            if let strips {
                ck_bf16_gemm_packed(
                    a.rows, range.count, a.columns, strips, first, stride, bias, accumulates, result.pointer, result.rowStride)
            } else {
                ck_bf16_gemm(
                    a.rows, range.count, a.columns, a.pointer, a.rowStride, first, stride, bias, accumulates, result.pointer,
                    result.rowStride, scratch)
            }
        }
    }
}
