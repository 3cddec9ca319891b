import Failures
import Foundation

/// Finds a training loss that shows divergence, and warns of it once.
package struct DivergenceWatch {
    /// The loss in nats per token with which the others are compared.
    private var reference: Double?
    /// What has this loss.
    private let referenceText: String
    private var hasWarned = false

    /// Compares with ln V, the loss of a uniform model. A loss that is estimated from samples is no likelihood, and is compared with that of
    /// the first call.
    package init(vocabularySize: Int, isEstimated: Bool) {
        reference = isEstimated ? nil : Foundation.log(Double(max(vocabularySize, 2)))
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
            "step \(step): the loss is \(NumberText.significant(loss)) nats per token; \(referenceText) \(NumberText.fixed(reference, 2)). Training "
            + "diverges: use a lower --learning-rate, a smaller --init-scale, another --init or fewer --layers."
    }

    /// Whether no warning has been given before this call.
    package mutating func isFirst() -> Bool {
        defer { hasWarned = true }
        return !hasWarned
    }
}
