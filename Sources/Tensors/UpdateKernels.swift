internal import CKernels

/// What happens to each gradient before an update: `clamp(g * scale, -limit...limit)`; limit 0 is none.
public struct GradientClip: Sendable {
    public var scale: Float
    public var limit: Float

    public init(scale: Float = 1, limit: Float = 0) {
        self.scale = scale
        self.limit = limit
    }

    fileprivate var kernel: ck_clip { ck_clip(scale: scale, limit: limit) }
}

/// Optimisers' updates, each one pass over a range of parameters.
///
/// Each keeps up `bits`, the sum of the bits of all that it writes: see `BitSum`.
public enum UpdateKernels {
    /// SGD as torch.optim.SGD: `g += decay*p`; `velocity = momentum*velocity + g` (on the first step `g`); `p -= rate*velocity`.
    /// Without momentum `velocity` is not touched.
    public static func sgd(
        count: Int, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
        velocity: UnsafeMutablePointer<Float>, clip: GradientClip, rate: Float, momentum: Float, decay: Float, firstStep: Bool,
        bits: inout BitSum
    ) {
        ck_sgd(count, parameters, gradient, velocity, clip.kernel, rate, momentum, decay, firstStep ? 1 : 0, &bits.kernel.sum)
    }

    /// What an Adam update needs besides its arrays.
    public struct AdamCoefficients: Sendable {
        public var rate: Float
        public var beta1: Float
        public var beta2: Float
        public var epsilon: Float
        /// `1 - beta1^t` and `1 - beta2^t`.
        public var correction1: Float
        public var correction2: Float
        public var decay: Float
        /// Decay apart from the gradient (AdamW) or as part of it (Adam).
        public var decoupled: Bool

        public init(
            rate: Float, beta1: Float, beta2: Float, epsilon: Float, correction1: Float, correction2: Float, decay: Float,
            decoupled: Bool
        ) {
            self.rate = rate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.correction1 = correction1
            self.correction2 = correction2
            self.decay = decay
            self.decoupled = decoupled
        }
    }

    /// Adam as torch.optim.Adam and AdamW.
    public static func adam(
        count: Int, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
        firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>, clip: GradientClip,
        coefficients c: AdamCoefficients, bits: inout BitSum
    ) {
        var kernel = ck_adam_parameters(
            rate: c.rate, beta1: c.beta1, beta2: c.beta2, epsilon: c.epsilon, correction1: c.correction1,
            correction2: c.correction2, decay: c.decay, decoupled: c.decoupled ? 1 : 0)
        ck_adam(count, parameters, gradient, firstMoment, secondMoment, clip.kernel, &kernel, &bits.kernel.sum)
    }
}
