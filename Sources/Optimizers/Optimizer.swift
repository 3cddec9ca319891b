public import Tensors

/// The rule by which parameters follow their gradient.
public enum OptimizerKind: String, Codable, CaseIterable, Sendable {
    /// `p -= rate * g`, with optional momentum (torch.optim.SGD).
    case sgd
    /// Kingma & Ba 2015; weight decay as part of the gradient (torch.optim.Adam).
    case adam
    /// Loshchilov & Hutter 2019: weight decay apart from the gradient (torch.optim.AdamW).
    case adamw

    /// Moment buffers kept for each parameter, at most.
    public var momentCount: Int { self == .sgd ? 1 : 2 }
}

/// An optimiser's constants.
public struct OptimizerSettings: Sendable, Equatable {
    public var kind: OptimizerKind
    /// For SGD; 0 is none.
    public var momentum: Float
    /// For Adam.
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    public var weightDecay: Float

    public init(
        kind: OptimizerKind, momentum: Float = 0, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
        weightDecay: Float = 0
    ) {
        self.kind = kind
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// Whether a parameter with a zero gradient stays as it is, so that it may be passed over.
    public var leavesZeroGradientsAlone: Bool { kind == .sgd && momentum == 0 && weightDecay == 0 }

    /// Names of the moments that are kept, as a checkpoint has them.
    public var momentNames: [String] {
        switch kind {
        case .sgd: momentum == 0 ? [] : ["velocity"]
        case .adam, .adamw: ["first_moment", "second_moment"]
        }
    }
}

/// An optimiser over the elements that one rank owns: their moments are here, in the rank's own memory.
///
/// Updates are element by element: who owns what does not touch the bits.
public final class Optimizer {
    public let settings: OptimizerSettings
    /// Elements owned.
    public let count: Int
    /// Updates that were made: the t of Adam's bias correction.
    public var updateCount = 0
    /// The moments, `count` floats each, in the order of `settings.momentNames`.
    public let moments: [UnsafeMutablePointer<Float>]
    private let workspace = Workspace()
    /// The bits of the parameters and moments as they must be; nil where nobody has asked to watch over them.
    private var expected: BitSum?

    public init(settings: OptimizerSettings, count: Int) {
        self.settings = settings
        self.count = count
        let workspace = workspace
        moments = settings.momentNames.map { _ in workspace.allocate(Float.self, count: count) }
    }

    /// Begins the next update, of which `update` does the parts.
    public func beginUpdate() { updateCount += 1 }

    /// Moves `elements` of `parameters` by one step against `gradient`, both of `count` floats.
    ///
    /// `rate` is the learning rate; the gradient is clipped as `clip` says on its way.
    public func update(
        _ elements: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, clip: GradientClip,
        rate: Float
    ) {
        precondition(elements.lowerBound >= 0 && elements.upperBound <= count, "elements \(elements) of \(count)")
        let first = elements.lowerBound
        let parts = (parameters: parameters + first, gradient: gradient + first)
        var bits = expected ?? BitSum()
        defer { if expected != nil { expected = bits } }
        switch settings.kind {
        case .sgd:
            UpdateKernels.sgd(
                count: elements.count, parameters: parts.parameters, gradient: parts.gradient,
                velocity: moments.first.map { $0 + first } ?? parts.parameters, clip: clip, rate: rate,
                momentum: settings.momentum, decay: settings.weightDecay, firstStep: updateCount == 1, bits: &bits)
        case .adam, .adamw:
            UpdateKernels.adam(
                count: elements.count, parameters: parts.parameters, gradient: parts.gradient, firstMoment: moments[0] + first,
                secondMoment: moments[1] + first, clip: clip, coefficients: adamCoefficients(rate: rate), bits: &bits)
        }
    }

    /// Takes the parameters and moments as they are now for what they must be: from here on any bit that changes but by `update` is found.
    public func watchOver(parameters: UnsafePointer<Float>) { expected = bits(parameters) }

    /// Whether the parameters and moments have changed but by updates since `watchOver`, and whether all are finite.
    public func examine(parameters: UnsafePointer<Float>) -> OptimizerCondition {
        let found = bits(parameters)
        if let expected, found != expected { return .changed }
        return found.isFinite ? .sound : .notFinite
    }

    private func bits(_ parameters: UnsafePointer<Float>) -> BitSum {
        var sum = BitSum(parameters, count: count)
        for moment in moments { sum.add(moment, count: count) }
        return sum
    }

    private func adamCoefficients(rate: Float) -> UpdateKernels.AdamCoefficients {
        UpdateKernels.AdamCoefficients(
            rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
            correction1: Self.correction(Double(settings.beta1), after: updateCount),
            correction2: Self.correction(Double(settings.beta2), after: updateCount), decay: settings.weightDecay,
            decoupled: settings.kind == .adamw)
    }

    /// `1 - beta^t` by repeated squaring, so that no libm decides its bits.
    static func correction(_ beta: Double, after t: Int) -> Float {
        var (power, square, left) = (1.0, beta, t)
        while left > 0 {
            if left & 1 == 1 { power *= square }
            square *= square
            left >>= 1
        }
        return Float(1 - power)
    }
}

/// What is found of an optimiser's parameters and moments.
public enum OptimizerCondition: Sendable {
    case sound
    /// A bit has changed by itself.
    case changed
    /// A value is no finite number.
    case notFinite
}
