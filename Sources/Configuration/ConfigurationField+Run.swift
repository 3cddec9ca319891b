import Kinds

extension ConfigurationField {
    /// The run folder, the log and the checkpoints.
    static let run: [ConfigurationField] = [
        .init(
            .run, optional: \.run, .run, .free, range: .path, placeholder: "folder",
            absent: "none; required with --text and --train",
            "Run folder, for configuration, vocabulary, metrics and checkpoints."),
        .init(.seed, \.seed, .run, .fixed, range: .whole(0...Int.max), placeholder: "n", "Seed of all random numbers."),
        .init(
            .logEvery, \.logEvery, .run, .free, range: .whole(1...ValueRange.most), placeholder: "n",
            "Steps between log lines."),
        .init(
            .sampleEvery, \.sampleEvery, .run, .free, range: .whole(1...ValueRange.most, orZero: "for none"), placeholder: "n",
            isNew: true,
            "Steps between texts that the model generates, for the log; 0: off."),
        .init(
            .trackGradients, \.trackGradients, .run, .free, range: .whole(1...ValueRange.most, orZero: "for never"),
            placeholder: "n", isNew: true,
            "Steps between log lines with the sum of the magnitudes of the gradients of h, by layer; 0: off."),
        .init(
            .checkpointEvery, \.checkpointEvery, .run, .free, range: .interval, placeholder: "interval",
            "Steps or time between checkpoints: 500, \"500 steps\", 90s, 10m, 1h or \"10 minutes\"."),
        .init(
            .keep, \.keep, .run, .free, range: .whole(2...1_000_000), placeholder: "n",
            "Number of checkpoints to keep, 2 or more."),
        .init(
            .tensorboard, \.tensorboard, .run, .free, isNew: true,
            "Also write the metrics to an event file in the run folder, which TensorBoard reads."),
    ]
}
