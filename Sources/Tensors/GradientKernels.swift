internal import CKernels

/// The kernels of weight gradients in one precision.
struct GradientKernels {
    let precision: Precision

    /// Columns of `dY` that a register tile covers. A rank's part of a weight's rows begins at a multiple of it.
    static let tileRows = 12

    /// Floats of scratch for `run`.
    func scratchCount(rows: Int, leaves: Int) -> Int {
        switch precision {
        case .fp32: ck_gradient_scratch(rows)
        case .bf16: ck_bf16_gradient_scratch(rows, leaves)
        }
    }

    /// Floats of a packed left operand with `columns` columns.
    func panelCount(rows: Int, leaves: Int, columns: Int) -> Int {
        switch precision {
        case .fp32: ck_packed_count(columns, rows)
        case .bf16: (ck_bf16_rows_count(columns, rows, leaves) + 1) / 2
        }
    }

    /// Floats of one panel for a leaf of `rows` rows.
    func panelFloats(ofLeaf rows: Int) -> Int {
        switch precision {
        case .fp32: rows * PackedMatrix.panelWidth
        case .bf16: (rows + 1) / 2 * PackedMatrix.panelWidth
        }
    }

    /// Packs `x`, whose rows are described by `rows`, into panels `panelStride` floats apart.
    func pack(_ x: MatrixView, _ rows: ck_rows, into panels: UnsafeMutablePointer<Float>, panelStride: Int) {
        var rows = rows
        switch precision {
        case .fp32: ck_pack_rows(&rows, x.columns, x.pointer, x.rowStride, panels, panelStride)
        case .bf16:
            let numbers = UnsafeMutableRawPointer(panels).assumingMemoryBound(to: UInt16.self)
            ck_bf16_pack_rows(&rows, x.columns, x.pointer, x.rowStride, numbers, 2 * panelStride)
        }
    }

    /// Computes rows `firstRow..<(firstRow + columns)` of the gradients of `sides` (one or two) and of a bias.
    func run(
        _ sides: (ck_gradient_side, ck_gradient_side?), bias: Parameter?, firstRow: Int, columns: Int, dY: UnsafePointer<Float>,
        rowStride: Int, _ rows: ck_rows, occurrences: ck_occurrences? = nil, scratch: UnsafeMutablePointer<Float>
    ) {
        if let bias {
            precondition(firstRow + columns <= bias.columns, "gradient of \(bias.name): elements past \(bias.columns)")
        }
        let kernel = precision == .fp32 ? ck_weight_gradient : ck_bf16_weight_gradient
        let biases = bias?.gradients.baseAddress
        var rows = rows
        withUnsafeTemporaryAllocation(of: ck_gradient_side.self, capacity: 2) { both in
            both[0] = sides.0
            if let second = sides.1 { both[1] = second }
            let count = sides.1 == nil ? 1 : 2
            guard var occurrences else {
                return kernel(columns, &rows, dY, rowStride, both.baseAddress, count, firstRow, nil, biases, scratch)
            }
            kernel(columns, &rows, dY, rowStride, both.baseAddress, count, firstRow, &occurrences, biases, scratch)
        }
    }

    /// The destination of the products with packed `panels`.
    func side(_ weight: Parameter, _ panels: UnsafePointer<Float>) -> ck_gradient_side {
        ck_gradient_side(k: weight.columns, panels: panels, outputs: weight.gradients.baseAddress, ldo: weight.columns)
    }
}
