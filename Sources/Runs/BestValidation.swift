/// A validation whose parameters were the best ones of a run so far.
package struct BestValidation: Codable, Equatable, Sendable {
    /// The number of steps before the validation.
    package var step: Int
    /// What the task minimises: for a language model the loss in nats per token.
    package var loss: Double

    package init(step: Int, loss: Double) { (self.step, self.loss) = (step, loss) }
}

extension LoggedModels {
    /// The validation with the lowest loss of all that the log calls the best one so far; nil for none.
    ///
    /// Only a validation with a lower loss replaces `best.safetensors`. A file with a higher loss thus lacks parameters that the run had:
    /// the job ended before it wrote them, or the file is older than the log.
    package var bestValidation: BestValidation? { best(of: validations) }

    /// The same, of the steps that the run has not abandoned.
    package var bestValidationOfRun: BestValidation? {
        lastPlace.flatMap { end in best(of: validations.filter { leads(place(of: $0), to: end) }) }
    }

    private func best(of validations: [LoggedValidation]) -> BestValidation? {
        validations.filter { $0.isBest == true }
            .compactMap { line in line.loss.map { BestValidation(step: line.step, loss: $0) } }
            .min { $0.loss < $1.loss }
    }
}
