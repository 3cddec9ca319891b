internal import CKernels

/// Some rows of a weight, gathered and packed anew for each window, as the right operand of products.
public final class GatheredRows {
    private let maximumRows: Int
    private let columns: Int
    private let precision: Precision
    private let values: MatrixView  // [maximumRows, columns]
    private let panels: (forward: UnsafeMutablePointer<Float>, backward: UnsafeMutablePointer<Float>)
    private let scratch: UnsafeMutablePointer<Float>  // of products in bf16
    private var count = 0

    public init(maximumRows: Int, columns: Int, precision: Precision, workspace: Workspace) {
        (self.maximumRows, self.columns, self.precision) = (maximumRows, columns, precision)
        values = workspace.matrix(rows: maximumRows, columns: columns)
        let isEmpty = maximumRows == 0
        func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
            workspace.allocate(Float.self, count: isEmpty ? 0 : count)
        }
        panels = (
            allocate(PackedLayout.count(columns: maximumRows, inner: columns, precision)),
            allocate(PackedLayout.count(columns: columns, inner: maximumRows, precision))
        )
        scratch = allocate(precision == .bf16 ? ck_bf16_gemm_scratch(max(maximumRows, columns)) : 0)
    }

    /// Packs the rows `ids` `[count]` of a weight.
    public func pack(_ weight: Parameter, _ ids: UnsafePointer<Int32>, count: Int) {
        precondition(count <= maximumRows && weight.columns == columns, "\(count) rows of \(weight.columns) columns")
        self.count = count
        RowKernels.gather(weight.matrix, ids: ids, into: values.prefix(rows: count))
        let (first, all) = (values.pointer, count * columns)
        switch precision {
        case .fp32:
            ck_pack_transposed(count, columns, first, 0, all, panels.forward)
            ck_pack(columns, count, first, 0, all, panels.backward)
        case .bf16:
            ck_bf16_pack_transposed(count, columns, first, 0, all, numbers(panels.forward))
            ck_bf16_pack(columns, count, first, 0, all, numbers(panels.backward))
        }
    }

    private func numbers(_ panels: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(panels).assumingMemoryBound(to: UInt16.self)
    }

    /// For `a * w^T`: `[count]` columns.
    public var forward: PackedMatrix {
        PackedMatrix(inner: columns, columns: count, panels: panels.forward, precision: precision, scratch: scratch)
    }

    /// For `a * w`: `[count]` terms.
    public var backward: PackedMatrix {
        PackedMatrix(inner: count, columns: columns, panels: panels.backward, precision: precision, scratch: scratch)
    }
}
