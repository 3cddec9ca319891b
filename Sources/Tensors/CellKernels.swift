internal import CKernels

/// The arithmetic of the recurrent cells between their products, for one time step of `rows` streams.
///
/// Thin names over the kernels in C, whose header states equations and shapes. Gates may have gaps between their rows.
public enum CellKernels {
    /// LSTM: `c = f*cPrevious + i*g`, `h = o*tanh(c)`; `gates` `[rows, 4H]` become the activated gates i f g o.
    public static func lstmForward(
        hidden: Int, gates: MatrixView, cPrevious: UnsafePointer<Float>,
        c: UnsafeMutablePointer<Float>, tanhC: UnsafeMutablePointer<Float>, h: UnsafeMutablePointer<Float>
    ) {
        ck_lstm_forward(gates.rows, hidden, gates.pointer, gates.rowStride, cPrevious, c, tanhC, h)
    }

    /// `gates` become the gradient of the preactivations, `dC` that of `cPrevious`.
    public static func lstmBackward(
        hidden: Int, gates: MatrixView, cPrevious: UnsafePointer<Float>,
        tanhC: UnsafePointer<Float>, dH: UnsafePointer<Float>, dC: UnsafeMutablePointer<Float>
    ) {
        ck_lstm_backward(gates.rows, hidden, gates.pointer, gates.rowStride, cPrevious, tanhC, dH, dC)
    }

    /// GRU with the reset after the product; `fromInput` `[rows, 3H]` becomes r z n.
    public static func gruForward(
        hidden: Int, fromInput: MatrixView, fromHidden: MatrixView,
        hPrevious: UnsafePointer<Float>, h: UnsafeMutablePointer<Float>
    ) {
        ck_gru_forward(
            fromInput.rows, hidden, fromInput.pointer, fromHidden.pointer, fromInput.rowStride, hPrevious, h)
    }

    /// Both products' buffers become their gradients, `dH` the direct part of `hPrevious`'s.
    public static func gruBackward(
        hidden: Int, fromInput: MatrixView, fromHidden: MatrixView,
        hPrevious: UnsafePointer<Float>, dH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_backward(
            fromInput.rows, hidden, fromInput.pointer, fromHidden.pointer, fromInput.rowStride, hPrevious, dH)
    }

    /// GRU with the reset before the product, first half: r, z, and `resetH = r*hPrevious`.
    public static func gruBeforeGates(
        hidden: Int, gates: MatrixView, hPrevious: UnsafePointer<Float>,
        resetH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_gates(gates.rows, hidden, gates.pointer, gates.rowStride, hPrevious, resetH)
    }

    /// Second half: n and h.
    public static func gruBeforeOutput(
        hidden: Int, gates: MatrixView, hPrevious: UnsafePointer<Float>,
        h: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_output(gates.rows, hidden, gates.pointer, gates.rowStride, hPrevious, h)
    }

    /// Backward of the second half.
    public static func gruBeforeOutputBackward(
        hidden: Int, gates: MatrixView, hPrevious: UnsafePointer<Float>,
        dH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_output_backward(gates.rows, hidden, gates.pointer, gates.rowStride, hPrevious, dH)
    }

    /// Backward of the first half.
    public static func gruBeforeGatesBackward(
        hidden: Int, gates: MatrixView, hPrevious: UnsafePointer<Float>,
        dResetH: UnsafePointer<Float>, dHPrevious: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_gates_backward(gates.rows, hidden, gates.pointer, gates.rowStride, hPrevious, dResetH, dHPrevious)
    }
}

/// The activation of an Elman cell.
public enum Nonlinearity: String, Codable, CaseIterable, Sendable {
    case tanh, relu, sigmoid

    private var kind: Int32 {
        switch self {
        case .tanh: 0
        case .relu: 1
        case .sigmoid: 2
        }
    }

    /// `h = f(preactivations)`, element by element; `preactivations` `[rows, hidden]` may have gaps between its rows.
    public func forward(_ preactivations: MatrixView, h: UnsafeMutablePointer<Float>) {
        ck_elman_forward(
            kind, preactivations.rows, preactivations.columns, preactivations.pointer, preactivations.rowStride, h)
    }

    /// `dPreactivations = dH * f'`, with the slope taken from `h`.
    public func backward(h: UnsafePointer<Float>, dH: UnsafePointer<Float>, into dPreactivations: MatrixView) {
        ck_elman_backward(
            kind, dPreactivations.rows, dPreactivations.columns, h, dH, dPreactivations.pointer, dPreactivations.rowStride)
    }
}
