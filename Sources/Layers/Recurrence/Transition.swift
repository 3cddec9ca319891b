public import Kinds
import Tensors

extension CellSettings {
    public static let transitionSize = Setting(
        "transition-mlp", 0, range: .whole(1...1_000_000, orZero: "for none"), placeholder: "n", isNew: true,
        "Units of a tanh layer between h of the step before and the recurrent product of each layer (deep transition); 0: none.")
}

/// The hidden layer of a deep transition: the recurrent product reads `m = tanh(A h' + a)` in place of `h'`, with A `rnn.weight_mlp_l<k>`
/// `[n, O]` and a `rnn.bias_mlp_l<k>` `[n]`; `rnn.weight_hh_l<k>` is `[G*H, n]`.
///
/// Source: Pascanu, Gulcehre, Cho & Bengio 2014, "How to construct deep recurrent neural networks", section 3.3.2. Kept for the backward pass:
/// 2 T B n floats.
struct Transition {
    /// n.
    let size: Int
    /// m of each step, `[T*B, n]`.
    let rows: MatrixView
    private let weight: CellWeight
    private let bias: Parameter
    private let preactivations: MatrixView  // [T*B, n], then their gradients
    /// The gradient of m of a step, `[B, n]`, for `backward`.
    let dRows: MatrixView
    private let kernel = CellKernel("elman_tanh")

    init(size: Int, _ builder: CellBuilder) {
        self.size = size
        weight = builder.weight("weight_mlp", rows: size, columns: builder.size.outputSize)
        bias = builder.bias("bias_mlp", columns: size)
        rows = builder.stepRows(columns: size)
        preactivations = builder.gradientRows(columns: size)
        dRows = builder.stepGradient(columns: size)
    }

    /// m of the step with the rows `range`, `[B, n]`, from h of the step before, `[B, O]`.
    func forward(_ h: MatrixView, _ range: Range<Int>) -> MatrixView {
        weight.multiply(h, into: preactivations.slice(rows: range), from: .bias(bias.value))
        kernel.forward(arithmetic(range))
        return rows.slice(rows: range)
    }

    /// The gradient of h of the step before, `[B, O]`, overwritten, from `dRows`.
    func backward(_ range: Range<Int>, into dH: MatrixView) {
        kernel.backward(arithmetic(range))
        weight.multiplyBackward(preactivations.slice(rows: range), into: dH)
    }

    private func arithmetic(_ range: Range<Int>) -> CellStep {
        let m = rows.slice(rows: range).pointer
        return CellStep(gates: preactivations.slice(rows: range), units: size, hPrevious: m, h: m, dH: dRows.pointer)
    }

    /// The gradients of A and a after a window, whose h before each step are `hPrevious` `[steps*B, O]`.
    func gradients(_ window: RecurrentWindow, hPrevious: MatrixView) {
        weight.gradient(window, bias: bias, dY: window.used(preactivations), x: hPrevious)
    }
}
