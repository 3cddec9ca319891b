import Kinds
import Tensors

/// The real-gated linear recurrent unit: `r, i = s(W x + b)`, `u = W_iu x + b_iu`, `log a = -8*r*softplus(L)`, `h = a*hPrevious +
/// sqrt(1-a^2)*(i*u)`, with a parameter L for each unit, `rnn.decay_l0` `[H]` and so on; gates r i u.
///
/// Initially `exp(-softplus(L))` lies between 0.9 and 0.999; the logarithm of its distance from 1 is spread roughly evenly.
///
/// Source: De et al. 2024 (Griffin), section 2.4. There u is the output of a linear layer, and r and i read u through
/// block-diagonal weights. Here r, i and u all read the layer's input through full weights, which include those of the paper.
struct RGLRUCell: ElementwiseCell {
    static let name = "rglru"
    static let summary =
        "The real-gated linear recurrent unit, `h = a*h' + sqrt(1-a^2)*(i*u)`, without a product in the time loop (De et al. 2024)."
    static let gateCount = 3

    private let kernel = CellKernel("rglru")
    private let decays: UnitVector

    init(_ settings: Settings, _ builder: CellBuilder) {
        // log((1-a)/a) for a of 0.9 and of 0.999.
        decays = builder.unitVector("decay", start: .spread(from: -2.1972246, to: -6.906755))
    }

    func forward(_ step: StepView, previous: MatrixView) { kernel.forward(arithmetic(step)) }

    func backward(_ step: StepView) { kernel.backward(arithmetic(step)) }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.unitValues = UnsafePointer(decays.parameter.value)
        arithmetic.dUnitValues = decays.gradient.pointer
        return arithmetic
    }
}
