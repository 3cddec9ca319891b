internal import CKernels

/// Rounding to bf16, of which a number is the upper 16 bits of a float.
package enum BFloat16 {
    /// The nearest bf16 of each value, ties to even; NaN becomes quiet, denormals zero.
    package static func round(_ values: UnsafePointer<Float>, count: Int, into rounded: UnsafeMutablePointer<UInt16>) {
        ck_bf16_round(count, values, rounded)
    }
}

/// A weight matrix rounded to bf16 and packed for use as the right operand of products: panels of 32 columns in pairs of terms,
/// `[ceil(columns/32)][ceil(inner/2)][32][2]`.
///
/// The left operand is rounded on the way; sums are floats. Every output is one chain over the inner index, so that a row's bits do not
/// depend on the number of rows. Instruction sets are meant to agree, but only those without an instruction for it surely do.
package final class BFloat16Matrix {
    /// Terms of each sum.
    package let inner: Int
    /// Columns of the result.
    package let columns: Int
    private let panels: UnsafeMutablePointer<UInt16>
    private let scratch: UnsafeMutablePointer<Float>

    /// Room for an operand of `inner` rows and `columns` columns, in `workspace`.
    package init(inner: Int, columns: Int, workspace: Workspace) {
        self.inner = inner
        self.columns = columns
        panels = workspace.allocate(UInt16.self, count: ck_bf16_packed_count(columns, inner))
        scratch = workspace.allocate(Float.self, count: ck_bf16_gemm_scratch(inner))
    }

    /// Packs some elements of `weights` `[columns, inner]`, which has no gaps, for products `a * weights^T`.
    package func packTransposed(_ weights: UnsafePointer<Float>, elements: Range<Int>) {
        precondition(elements.upperBound <= columns * inner, "elements \(elements) of \(columns * inner)")
        ck_bf16_pack_transposed(columns, inner, weights, elements.lowerBound, elements.count, panels)
    }

    /// Packs some elements of `weights` `[inner, columns]`, which has no gaps, for products `a * weights`.
    package func pack(_ weights: UnsafePointer<Float>, elements: Range<Int>) {
        precondition(elements.upperBound <= columns * inner, "elements \(elements) of \(columns * inner)")
        ck_bf16_pack(columns, inner, weights, elements.lowerBound, elements.count, panels)
    }

    /// `result = start + a * packed` over the terms `part` of the inner index.
    ///
    /// Shapes: `a` `[m, part.count]`, `result` `[m, columns]`. A part begins and ends at an even term or with the last.
    package func multiply(
        _ a: MatrixView, terms part: Range<Int>? = nil, into result: MatrixView, from start: ProductStart = .zero
    ) {
        let part = part ?? 0..<inner
        precondition(a.columns == part.count, "left operand of \(a.columns) columns, \(part.count) terms")
        precondition(
            part.lowerBound % 2 == 0 && (part.upperBound % 2 == 0 || part.upperBound == inner),
            "terms \(part) of \(inner) do not begin and end between pairs")
        precondition(
            result.rows == a.rows && result.columns == columns,
            "result [\(result.rows), \(result.columns)] for a product [\(a.rows), \(columns)]")
        var bias: UnsafePointer<Float>?
        var accumulates = false
        switch start {
        case .zero: break
        case .result: accumulates = true
        case .bias(let values): bias = values
        }
        let panelStride = (inner + 1) / 2 * 2 * PackedMatrix.panelWidth
        ck_bf16_gemm(
            a.rows, columns, part.count, a.pointer, a.rowStride, panels + part.lowerBound * PackedMatrix.panelWidth, panelStride,
            bias,
            accumulates ? 1 : 0, result.pointer, result.rowStride, scratch)
    }
}
