import Configuration
import Failures
import Runs

/// The line that says how a job ended and how to continue.
struct EndingText {
    let configuration: TrainingConfiguration
    let state: TrainingState
    /// The steps of earlier jobs of this run.
    let stepsBefore: Int
    /// The time since the first line of the report.
    let seconds: Double

    /// The line for the user.
    func line(_ outcome: TrainingOutcome) -> String {
        switch outcome {
        case .converged: convergence
        case .epochs: completion
        case .preempted(let reason):
            "stopped \(reason.clause) after step \(state.step); a checkpoint is saved. The line 'resume' says how to continue"
        }
    }

    /// Steps of this job.
    private var stepsMade: Int { state.step - stepsBefore }

    private var steps: String { counted(state.step, "step") }

    /// The epochs and steps done, with the steps of this job if there were earlier jobs.
    private var work: String {
        let own = stepsBefore > 0 ? " (\(stepsMade) of them in this job)" : ""
        return "\(epochs), \(steps)\(own), in \(NumberText.duration(seconds: seconds))"
    }

    private var epochs: String {
        let whole = counted(state.epoch - 1, "epoch")
        if state.window == 0 { return whole }
        return state.epoch > 1 ? "\(whole) and part of the next" : "part of the first epoch"
    }

    private var convergence: String {
        let patience = counted(state.convergence.withoutImprovement, "validation")
        // The validations of earlier jobs were compared with the --epsilon of those jobs.
        let least = "\(NumberText.significant(configuration.epsilon)) \(configuration.taskType.metric.unit)"
        let reason =
            "\(patience)\(state.convergence.withoutImprovement == 1 ? "" : " in a row") without an improvement"
            + (stepsMade > 0 ? " of more than \(least)" : "")
        let advice = "to continue, resume with --patience \(state.convergence.withoutImprovement + 1) or more, or 0 for no limit"
        return stepsMade > 0
            ? "done: converged after \(work): \(reason); \(advice)"
            : "nothing left to train: the run has converged after \(epochs), \(steps): \(reason); \(advice)"
    }

    private var completion: String {
        if stepsMade > 0 { return "done: \(work)" }
        return "nothing left to train: the run has done \(steps) (\(epochs)), and --epochs is \(configuration.epochs); "
            + "to continue, resume with --epochs \(state.epoch) or more"
    }
}
