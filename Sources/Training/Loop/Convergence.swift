import Configuration
public import Runs

/// Decides from validation losses, or what else the task minimises, whether a run has improved and whether it has converged.
///
/// An improvement is a decrease of the loss by more than `epsilon`. `patience` consecutive validations without an improvement end
/// the run; 0 disables this.
public struct ConvergenceRule: Sendable, Equatable {
    /// In the unit of the task's metric.
    public var epsilon: Double
    public var patience: Int

    public init(epsilon: Double, patience: Int) {
        self.epsilon = epsilon
        self.patience = patience
    }

    /// Adds a validation loss. Returns whether it is an improvement. A loss that is not a number is not an improvement.
    public func take(loss: Double, step: Int, into state: inout ConvergenceState) -> Bool {
        state.lastLoss = loss.isFinite ? loss : nil
        state.lastStep = step
        let improved = isImprovement(loss: loss, on: state.bestLoss)
        if improved {
            state.bestLoss = loss
            state.bestStep = step
            state.withoutImprovement = 0
        } else {
            state.withoutImprovement += 1
            state.plateaus += 1
        }
        return improved
    }

    /// Whether a loss is an improvement on the previous best; nil if there is none.
    public func isImprovement(loss: Double, on best: Double?) -> Bool {
        loss.isFinite && best.map { loss < $0 - epsilon } ?? true
    }

    /// Whether the run has converged.
    public func isConverged(_ state: ConvergenceState) -> Bool {
        patience > 0 && state.withoutImprovement >= patience
    }
}

extension TrainingConfiguration {
    var convergenceRule: ConvergenceRule { ConvergenceRule(epsilon: epsilon, patience: patience) }

    /// Whether a run with a validation text that continues from `state` makes another validation.
    func hasValidation(after state: TrainingState) -> Bool {
        if state.awaitsValidation == true { return true }
        return !convergenceRule.isConverged(state.convergence) && (state.epoch <= epochs || !state.isValidated)
    }
}
