import Configuration
import Failures
import Foundation
import Tasks

/// Finds a training loss that shows divergence, and warns of it once.
package struct DivergenceWatch {
    /// The loss with which the others are compared.
    private var reference: Double?
    /// What has this loss.
    private let referenceText: String
    /// The unit of the losses.
    private let unit: String
    private var hasWarned = false

    /// Compares with the loss of a uniform model, which is the logarithm of the number of classes among which the output chooses. A loss that is
    /// estimated from samples is no likelihood, and is compared with that of the first call.
    package init(outputSize: Int, unit: String, isEstimated: Bool) {
        reference = isEstimated ? nil : Foundation.log(Double(max(outputSize, 2)))
        self.unit = unit
        referenceText = isEstimated ? "the loss of this job began at" : "a model that knows nothing has"
    }

    /// The warning about a finite loss far above the reference, at the first such loss; otherwise nil.
    package mutating func warning(loss: Double, step: Int) -> String? {
        guard let reference else {
            reference = loss
            return nil
        }
        guard loss > 10 + 10 * reference, isFirst() else { return nil }
        return
            "step \(step): the loss is \(NumberText.significant(loss)) \(unit); \(referenceText) \(NumberText.fixed(reference, 2)). "
            + "Training diverges: use a lower --learning-rate, a smaller --init-scale, another --init or fewer --layers."
    }

    /// Whether no warning has been given before this call.
    package mutating func isFirst() -> Bool {
        defer { hasWarned = true }
        return !hasWarned
    }
}

extension TrainingConfiguration {
    /// A watch over the training losses of this run, whose texts have a vocabulary of this size.
    func divergenceWatch(vocabularySize: Int) -> DivergenceWatch {
        DivergenceWatch(
            outputSize: taskType.outputSize(vocabularySize: vocabularySize, settings),
            unit: taskType.metric.presentation.lossUnit, isEstimated: estimatesTrainingLoss)
    }
}
