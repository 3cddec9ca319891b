public import Tensors

/// An optimiser over the elements that one rank owns: their moments are here, in the rank's own memory.
public final class Optimizer {
    public let rule: any UpdateRule
    /// Elements owned.
    public let count: Int
    /// Updates that were made: the t of bias corrections.
    public var updateCount = 0
    /// The moments, `count` floats each, in the order of `rule.moments`.
    public let moments: [UnsafeMutablePointer<Float>]
    private let workspace = Workspace()
    /// The bits of the parameters and moments as they must be; nil where nobody has asked to watch over them.
    private var expected: BitSum?

    public init(rule: any UpdateRule, count: Int) {
        self.rule = rule
        self.count = count
        let workspace = workspace
        moments = rule.moments.map { _ in workspace.allocate(Float.self, count: count) }
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
        var bits = expected ?? BitSum()
        let update = ElementUpdate(
            elements, parameters: parameters, gradient: gradient, moments: moments, clip: clip, rate: rate, number: updateCount)
        rule.update(update, bits: &bits)
        if expected != nil { expected = bits }
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
}

/// What is found of an optimiser's parameters and moments.
public enum OptimizerCondition: Sendable {
    case sound
    /// A bit has changed by itself.
    case changed
    /// A value is no finite number.
    case notFinite
}
