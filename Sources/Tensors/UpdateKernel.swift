internal import CKernels

/// Clips each gradient before an update: `clamp(g * scale, -limit...limit)`. Limit 0 means none.
public struct GradientClip: Sendable {
    /// The factor of every element, before the limit.
    public var scale: Float
    public var limit: Float

    public init(scale: Float = 1, limit: Float = 0) {
        self.scale = scale
        self.limit = limit
    }

    fileprivate var kernel: ck_clip { ck_clip(scale: scale, limit: limit) }
}

/// The elements that an update rule changes, in one pass over memory.
public struct ElementUpdate {
    /// The elements, as a range of the arrays below.
    public let elements: Range<Int>
    public let parameters: UnsafeMutablePointer<Float>
    public let gradient: UnsafePointer<Float>
    /// One array for each moment of the rule.
    public let moments: [UnsafeMutablePointer<Float>]
    public let clip: GradientClip
    /// The learning rate.
    public let rate: Float
    /// The number of the update in the run, from 1: the t of bias corrections.
    public let number: Int
    /// The number of updates after which a rule that averages the parameters begins to do so; nil before it is known.
    public let averagingStart: Int?

    public init(
        _ elements: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
        moments: [UnsafeMutablePointer<Float>], clip: GradientClip, rate: Float, number: Int,
        averagingStart: Int? = nil
    ) {
        self.elements = elements
        self.parameters = parameters
        self.gradient = gradient
        self.moments = moments
        self.clip = clip
        self.rate = rate
        self.number = number
        self.averagingStart = averagingStart
    }

    /// The kernel's view. Moments that the rule does not have are null.
    fileprivate func kernel(_ c: SIMD8<Float>) -> ck_update {
        let first = elements.lowerBound
        return ck_update(
            count: elements.count, parameters: parameters + first, gradient: gradient + first,
            moments: (moment(0), moment(1), moment(2)), clip: clip.kernel, rate: rate, number: number,
            constants: (c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]))
    }

    private func moment(_ index: Int) -> UnsafeMutablePointer<Float>? {
        index < moments.count ? moments[index] + elements.lowerBound : nil
    }
}

/// The kernel of an update rule: `Sources/CKernels/body/updates/<name>.h`.
///
/// It keeps `bits` equal to the sum of the bits of all elements that it writes: see ``BitSum``.
public struct UpdateKernel: Sendable {
    private let number: Int32

    /// The kernel named `name`, which must exist.
    public init(_ name: String) {
        number = ck_update_rule(name)
        precondition(number >= 0, "no update rule of CKernels is named \(name)")
    }

    /// Updates the elements. `constants` are those of the rule, in the order given in the kernel's file.
    public func run(_ update: ElementUpdate, _ constants: SIMD8<Float>, bits: inout BitSum) {
        var kernel = update.kernel(constants)
        ck_update_by(number, &kernel, &bits.kernel.sum)
    }
}
