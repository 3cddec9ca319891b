/// How the learning rate changes over a run.
public enum ScheduleKind: String, Codable, CaseIterable, Sendable {
    /// The same throughout.
    case constant
    /// Multiplied by `decay` at the start of each epoch after `decayAfter` (Zaremba et al. 2014).
    case step
    /// Multiplied by `decay` after each evaluation without an improvement.
    case plateau
    /// `g0 / (1 + g0 * decay * t)` at step t (Bottou 2012).
    case inverse
}

/// A learning rate as a pure function of where the run is.
public struct LearningRateSchedule: Sendable, Equatable {
    public var kind: ScheduleKind
    /// The rate at the start, g0.
    public var initialRate: Double
    /// The factor of `step` and `plateau`, the lambda of `inverse`.
    public var decay: Double
    /// Epochs at the full rate, for `step`.
    public var decayAfter: Int

    public init(kind: ScheduleKind, initialRate: Double, decay: Double, decayAfter: Int) {
        self.kind = kind
        self.initialRate = initialRate
        self.decay = decay
        self.decayAfter = decayAfter
    }

    /// The rate of step `step` (from 0), in epoch `epoch` (from 1), after `plateaus` evaluations without an improvement.
    public func rate(step: Int, epoch: Int, plateaus: Int) -> Double {
        switch kind {
        case .constant: initialRate
        case .step: initialRate * power(decay, max(0, epoch - decayAfter))
        case .plateau: initialRate * power(decay, plateaus)
        case .inverse: initialRate / (1 + initialRate * decay * Double(step))
        }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        // Factor by factor, since no other order of products gives the same bits; it ends early where another factor changes nothing.
        for _ in 0..<exponent {
            let next = result * base
            if next == result { break }
            result = next
        }
        return result
    }
}
