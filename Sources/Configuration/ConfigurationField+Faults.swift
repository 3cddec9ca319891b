import Kinds

extension ConfigurationField {
    /// Time limits, and the response to faults.
    static let faults: [ConfigurationField] = [
        .init(
            .stallLimit, \.stallLimit, .faults, .free, range: .time(orZero: "for none"), placeholder: "time",
            "End the job when a rank makes no progress for this long: \"5 minutes\", 90s, 00:05:00; 0: never."),
        .init(
            .timeLimit, optional: \.timeLimit, .faults, .free, range: .time(orZero: "for none"), placeholder: "time",
            absent: "the end of the SLURM job, or none",
            "Save and end with status 75 before the process has run for this long: \"3 hours\", 30m, 1-12:00:00; 0: no limit. "
                + "The end of the SLURM job (SLURM_JOB_END_TIME) also applies."),
        .init(
            .verifyEvery, \.verifyEvery, .faults, .free, range: .whole(1...ValueRange.most, orZero: "for never"),
            placeholder: "n",
            "Steps between checks of gradients and parameters for flipped bits; 0: never."),
        .init(
            .onFault, \.onFault, .faults, .free,
            "Response to a flipped bit: restore the last good checkpoint, or end the job."),
        .init(
            .maxBadSteps, \.maxBadSteps, .faults, .free, range: .whole(1...ValueRange.most), placeholder: "n",
            "After this many steps in a row whose loss or gradient is not finite, restore the last good checkpoint and halve the "
                + "learning rate."),
        .init(
            .maxRollbacks, \.maxRollbacks, .faults, .free, range: .whole(1...ValueRange.most, orZero: "for none"),
            placeholder: "n",
            "Maximum number of times that a job restores a checkpoint."),
    ]
}
