import Failures

/// How a job ended, in a sentence that says what would change it.
struct EndingText {
    let configuration: TrainingConfiguration
    let state: TrainingState
    /// Steps of the run before this job.
    let stepsBefore: Int
    /// The job's, from the first line of its report on.
    let seconds: Double

    /// The line for people.
    func line(_ outcome: TrainingOutcome) -> String {
        switch outcome {
        case .converged: convergence
        case .epochs: completion
        case .preempted(let reason):
            "stopped \(reason.clause) after step \(state.step); a checkpoint is saved. Resume with the command below"
        }
    }

    /// Steps of this job.
    private var stepsMade: Int { state.step - stepsBefore }

    private var steps: String { counted(state.step, "step") }

    /// Where steps were made before, they are told apart.
    private var work: String {
        let own = stepsBefore > 0 ? " (\(stepsMade) of them in this job)" : ""
        return "\(epochs), \(steps)\(own), in \(NumberText.duration(seconds: seconds))"
    }

    private var epochs: String {
        let whole = counted(state.epoch - 1, "epoch")
        if state.window == 0 { return whole }
        return state.epoch > 1 ? "\(whole) and a part of the next" : "a part of the first epoch"
    }

    private var convergence: String {
        let patience = counted(state.convergence.withoutImprovement, "validation")
        let reason =
            "\(patience)\(state.convergence.withoutImprovement == 1 ? "" : " in a row") without an improvement by more than "
            + "\(NumberText.significant(configuration.epsilon)) nats per token"
        let advice = "to go on, resume with --patience above \(state.convergence.withoutImprovement), or 0 for no end"
        return stepsMade > 0
            ? "done: converged after \(work): \(reason); \(advice)"
            : "nothing left to train: the run has converged before, after \(epochs), \(steps): \(reason); \(advice)"
    }

    private var completion: String {
        if stepsMade > 0 { return "done: \(work)" }
        return "nothing left to train: \(epochs), \(steps), were made before, and --epochs is \(configuration.epochs); "
            + "to go on, resume with --epochs above \(state.epoch - 1)"
    }
}
