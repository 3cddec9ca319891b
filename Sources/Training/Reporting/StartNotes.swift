import Configuration
import Failures
import Layers
import Optimizers
import Tasks

extension TrainingConfiguration {
    /// Notes about defaults that do little for a new run with a vocabulary of this size.
    func startNotes(vocabularySize: Int) -> [String] {
        let outputSize = taskType.outputSize(vocabularySize: vocabularySize, settings)
        // Settings of an output that suits the tokens badly are not worth advice.
        let outputNote = ranksWarning == nil ? Outputs.note(output, settings, outputSize: outputSize) : nil
        return [rateNote, outputNote].compactMap { $0 }
    }

    /// The default learning rate with an optimizer that learns little with it.
    private var rateNote: String? {
        let defaults = usesBuiltInSource ? Self.reberDemo : Self()
        let usual = updateRule.usualRate
        // The usual rates of models differ by such a factor.
        guard learningRate == defaults.learningRate, learningRate * 4 < usual else { return nil }
        return
            "the learning rate is the default, \(NumberText.significant(learningRate)), which suits adam; \(optimizer.rawValue) learns little with "
            + "it. Try --learning-rate \(NumberText.significant(usual))."
    }
}
