extension ConfigurationField {
    /// What ends or mends a run that does not go on as it should.
    static let faults: [ConfigurationField] = [
        .init(
            .stallLimit, \.stallLimit, .faults, .free, range: .time(orZero: "for none"), placeholder: "time",
            "End the job when a rank makes no progress for this long: \"5 minutes\", 90s, 00:05:00; 0: never."),
        .init(
            .timeLimit, optional: \.timeLimit, .faults, .free, range: .time(orZero: "for none"), placeholder: "time",
            absent: "the end of the SLURM job, or none",
            "Time from the start of the process by which the job saves and ends with status 75: \"3 hours\", 30m, 1-12:00:00; 0: none. "
                + "The end of the SLURM job (SLURM_JOB_END_TIME) also applies."),
        .init(
            .verifyEvery, \.verifyEvery, .faults, .free, range: .whole(1...ValueRange.most, orZero: "for never"),
            placeholder: "n",
            "Steps between checks of gradients and parameters for flipped bits; 0: never."),
        .init(
            .onFault, \.onFault, .faults, .free,
            "After a flipped bit: go back to the last good checkpoint, or end."),
        .init(
            .maxBadSteps, \.maxBadSteps, .faults, .free, range: .whole(1...ValueRange.most), placeholder: "n",
            "Steps in a row without a finite loss and gradient after which the run goes back to the last good checkpoint, with "
                + "half the learning rate."),
        .init(
            .maxRollbacks, \.maxRollbacks, .faults, .free, range: .whole(1...ValueRange.most, orZero: "for none"),
            placeholder: "n",
            "Times that a job goes back to a checkpoint at most."),
    ]
}
