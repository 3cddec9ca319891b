public import Tensors

/// An optimiser for the elements that one rank owns. The rank's own memory holds their moments.
public final class Optimizer {
    /// The update rule.
    public let rule: any UpdateRule
    /// The number of owned elements.
    public let count: Int
    /// The number of updates so far: the t of bias corrections.
    public var updateCount = 0
    /// The number of updates after which the rule averages the parameters; nil before it is known, and for rules that do not.
    public var averagingStart: Int?
    /// The moments, `count` floats each, in the order of `rule.moments`.
    public let moments: [UnsafeMutablePointer<Float>]
    private let workspace = Workspace()
    /// The expected sum of the bits of the parameters and moments; nil before `watchOver`.
    private var expected: BitSum?

    public init(rule: any UpdateRule, count: Int) {
        self.rule = rule
        self.count = count
        if case .after(let updates)? = rule.averaging { averagingStart = updates }
        let workspace = workspace
        moments = rule.moments.map { _ in workspace.allocate(Float.self, count: count) }
    }

    /// Continues after so many updates. `averagingStart` is that of a rule that begins its average after validations.
    public func resume(updates: Int, averagingStart: Int?) {
        updateCount = updates
        if case .afterValidations? = rule.averaging { self.averagingStart = averagingStart }
    }

    /// Exchanges `elements` of `parameters` and of their average. A second call restores both.
    public func exchangeAverage(_ elements: Range<Int>, parameters: UnsafeMutablePointer<Float>) {
        precondition(rule.averaging != nil, "a rule without an average")
        for i in elements { swap(&parameters[i], &moments[0][i]) }
    }

    /// Begins the next update. `update` then computes its parts.
    public func beginUpdate() { updateCount += 1 }

    /// Updates `elements` of `parameters` from `gradient`, both of `count` floats.
    ///
    /// `rate` is the learning rate. The gradient is clipped according to `clip` before use.
    public func update(
        _ elements: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, clip: GradientClip,
        rate: Float
    ) {
        precondition(elements.lowerBound >= 0 && elements.upperBound <= count, "elements \(elements) of \(count)")
        var bits = expected ?? BitSum()
        let update = ElementUpdate(
            elements, parameters: parameters, gradient: gradient, moments: moments, clip: clip, rate: rate, number: updateCount,
            averagingStart: averagingStart)
        rule.update(update, bits: &bits)
        if expected != nil { expected = bits }
    }

    /// Records the sum of the bits of parameters and moments. From now on `examine` detects any bit that changes outside
    /// `update`.
    public func watchOver(parameters: UnsafePointer<Float>) { expected = bits(parameters) }

    /// Whether the parameters and moments have changed outside `update` since `watchOver`, and whether all values are finite.
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

/// The result of a check of an optimiser's parameters and moments.
public enum OptimizerCondition: Sendable {
    case sound
    /// A bit has changed outside `update`.
    case changed
    /// A value is not finite.
    case notFinite
}
