package import Configuration
import Failures

/// How much of a time limit a job has spent on steps.
package struct LimitUse: Equatable {
    package let reason: StopReason
    /// The steps of this job.
    package let steps: Int
    /// Seconds from the first step to the end of the last one, with validations and checkpoints between.
    package let stepSeconds: Double
    /// Seconds from the start of the process to the limit.
    package let limitSeconds: Double

    /// A job that spends less than this share on steps is warned of.
    private static let smallShare = 0.1

    package init(reason: StopReason, steps: Int, stepSeconds: Double, limitSeconds: Double) {
        (self.reason, self.steps) = (reason, steps)
        (self.stepSeconds, self.limitSeconds) = (stepSeconds, limitSeconds)
    }

    private var share: Double { limitSeconds > 0 ? stepSeconds / limitSeconds : 0 }

    private var limitText: String {
        let seconds = NumberText.significant(limitSeconds, 3)
        return reason == .timeLimit ? "the time limit of \(seconds) s" : "the \(seconds) s until the end of the SLURM job"
    }

    private var stepText: String {
        "\(NumberText.counted(steps, "step")) in \(NumberText.significant(stepSeconds, 3)) s"
    }

    private var percent: String {
        let value = share * 100
        return (value < 99.5 ? NumberText.significant(value, 2) : NumberText.decimals(value, 0)) + " %"
    }

    /// `340 steps in 52.3 s, 87 % of the time limit of 60 s`
    package var text: String { "\(stepText), \(percent) of \(limitText)" }

    /// A limit that leaves time for steps: all other work of the job would take a tenth of it.
    package var sufficient: TimeSpan {
        let seconds = (max(1, limitSeconds - stepSeconds) / Self.smallShare).rounded(.up)
        let unit = seconds < 120 ? 1.0 : 60
        return TimeSpan(seconds: (seconds / unit).rounded(.up) * unit)
    }

    /// The warning for a limit that leaves almost no time for steps: a job that is requeued with it makes almost no progress. Nil otherwise.
    package var warning: String? {
        guard share < Self.smallShare else { return nil }
        let remedy =
            reason == .timeLimit ? "Use --time-limit \"\(sufficient)\" or more" : "Request a job of \(sufficient) or more"
        return "\(limitText) left time for \(stepText) only (\(percent)); the start and the checkpoint need the rest. \(remedy)."
    }
}
