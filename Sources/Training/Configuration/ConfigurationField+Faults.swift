extension ConfigurationField {
    /// What ends or mends a run that does not go on as it should.
    static let faults: [ConfigurationField] = [
        .init(
            .stallLimit, \.stallLimit, .faults, .free, range: .time(orZero: "for none"), placeholder: "time",
            "Time without progress, as when a rank has stopped, after which the job has ended: \"5 minutes\", 90s, 00:05:00; "
                + "0: never."),
        .init(
            .timeLimit, optional: \.timeLimit, .faults, .free, range: .time(), placeholder: "time", absent: "SLURM's, or none",
            "Time after which the job has saved and ended with status 75: \"3 hours\", 30m, 1-12:00:00; SLURM_JOB_END_TIME holds, "
                + "too."),
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
