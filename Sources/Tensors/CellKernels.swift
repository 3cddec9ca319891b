internal import CKernels

/// The arithmetic of the recurrent cells between their products, for one time step of `rows` streams.
///
/// Thin names over the kernels in C, whose header states equations and shapes.
public enum CellKernels {
    /// LSTM: `c = f*cPrevious + i*g`, `h = o*tanh(c)`; `gates` `[rows, 4H]` become the activated gates i f g o.
    public static func lstmForward(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, cPrevious: UnsafePointer<Float>,
        c: UnsafeMutablePointer<Float>, tanhC: UnsafeMutablePointer<Float>, h: UnsafeMutablePointer<Float>
    ) {
        ck_lstm_forward(rows, hidden, gates, cPrevious, c, tanhC, h)
    }

    /// `gates` become the gradient of the preactivations, `dC` that of `cPrevious`.
    public static func lstmBackward(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, cPrevious: UnsafePointer<Float>,
        tanhC: UnsafePointer<Float>, dH: UnsafePointer<Float>, dC: UnsafeMutablePointer<Float>
    ) {
        ck_lstm_backward(rows, hidden, gates, cPrevious, tanhC, dH, dC)
    }

    /// GRU with the reset after the product; `fromInput` `[rows, 3H]` becomes r z n.
    public static func gruForward(
        rows: Int, hidden: Int, fromInput: UnsafeMutablePointer<Float>, fromHidden: UnsafePointer<Float>,
        hPrevious: UnsafePointer<Float>, h: UnsafeMutablePointer<Float>
    ) {
        ck_gru_forward(rows, hidden, fromInput, fromHidden, hPrevious, h)
    }

    /// Both products' buffers become their gradients, `dH` the direct part of `hPrevious`'s.
    public static func gruBackward(
        rows: Int, hidden: Int, fromInput: UnsafeMutablePointer<Float>, fromHidden: UnsafeMutablePointer<Float>,
        hPrevious: UnsafePointer<Float>, dH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_backward(rows, hidden, fromInput, fromHidden, hPrevious, dH)
    }

    /// GRU with the reset before the product, first half: r, z, and `resetH = r*hPrevious`.
    public static func gruBeforeGates(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, hPrevious: UnsafePointer<Float>,
        resetH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_gates(rows, hidden, gates, hPrevious, resetH)
    }

    /// Second half: n and h.
    public static func gruBeforeOutput(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, hPrevious: UnsafePointer<Float>,
        h: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_output(rows, hidden, gates, hPrevious, h)
    }

    /// Backward of the second half.
    public static func gruBeforeOutputBackward(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, hPrevious: UnsafePointer<Float>,
        dH: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_output_backward(rows, hidden, gates, hPrevious, dH)
    }

    /// Backward of the first half.
    public static func gruBeforeGatesBackward(
        rows: Int, hidden: Int, gates: UnsafeMutablePointer<Float>, hPrevious: UnsafePointer<Float>,
        dResetH: UnsafePointer<Float>, dHPrevious: UnsafeMutablePointer<Float>
    ) {
        ck_gru_before_gates_backward(rows, hidden, gates, hPrevious, dResetH, dHPrevious)
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

    /// `h = f(preactivations)`, element by element.
    public func forward(count: Int, preactivations: UnsafePointer<Float>, h: UnsafeMutablePointer<Float>) {
        ck_elman_forward(kind, count, preactivations, h)
    }

    /// `dPreactivations = dH * f'`, with the slope taken from `h`.
    public func backward(
        count: Int, h: UnsafePointer<Float>, dH: UnsafePointer<Float>, dPreactivations: UnsafeMutablePointer<Float>
    ) {
        ck_elman_backward(kind, count, h, dH, dPreactivations)
    }
}
