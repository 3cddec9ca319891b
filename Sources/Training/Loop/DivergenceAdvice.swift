package import Configuration
import Kinds
import Optimizers

extension TrainingConfiguration {
    /// What to change after a divergence: the options whose values alone explain it, otherwise the rate and the limit of the gradient.
    package var adviceAfterDivergence: String {
        let causes = [
            (ConfigurationKey.initialScale, initialScale > 10), (RuleSettings.weightDecay.key, decaysTooFast),
            (ASGD.decay.key, shrinksTooFast),
        ].filter(\.1).map { "\($0.0.option) (\(value(of: $0.0)?.description ?? ""))" }
        if causes.isEmpty {
            let limit = clip > 0 ? "a smaller --clip" : "--clip 1"
            return "Resume it with a lower --learning-rate, or start a new run with \(limit)."
        }
        return "Start a new run with a smaller \(causes.joined(separator: " and ")), which is far above the usual values."
    }

    /// Whether weight decay at this rate makes parameters grow: each update then changes a parameter by more than itself.
    private var decaysTooFast: Bool {
        let decay = settings[RuleSettings.weightDecay]
        return decay >= 1 || decay * learningRate >= 1
    }

    /// Whether the lambda of averaged SGD makes parameters grow: the first update then multiplies them by less than -1.
    private var shrinksTooFast: Bool {
        guard [ASGD.name, NTASGD.name].contains(optimizer.rawValue) else { return false }
        return settings[ASGD.decay] * learningRate > 2
    }
}
