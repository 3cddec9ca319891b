import Configuration
import Failures
import Optimizers

extension TrainingConfiguration {
    /// The note about the default learning rate with an optimizer that learns little with it; nil otherwise.
    var rateNote: String? {
        let defaults = usesBuiltInSource ? Self.reberDemo : Self()
        let usual = UpdateRules.usualRate(optimizer)
        guard learningRate == defaults.learningRate, learningRate * 4 < usual else { return nil }
        return
            "the learning rate is the default, \(NumberText.significant(learningRate)), which suits adam; \(optimizer.rawValue) learns little with "
            + "it. Try --learning-rate \(NumberText.significant(usual))."
    }
}
