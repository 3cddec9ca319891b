extension ConfigurationField {
    /// The run folder, the log and the checkpoints.
    static let run: [ConfigurationField] = [
        .init(
            .run, optional: \.run, .run, .free, range: .path, placeholder: "folder", absent: "none; needed with --train",
            "Run folder: configuration, vocabulary, metrics and checkpoints."),
        .init(.seed, \.seed, .run, .fixed, range: .whole(0...Int.max), placeholder: "n", "Seed of all random numbers."),
        .init(
            .logEvery, \.logEvery, .run, .free, range: .whole(1...ValueRange.most), placeholder: "n",
            "Steps between lines of the log."),
        .init(
            .checkpointEvery, \.checkpointEvery, .run, .free, range: .interval, placeholder: "interval",
            "Steps or minutes between checkpoints: 500, \"500 steps\", 10m or \"10 minutes\"."),
        .init(.keep, \.keep, .run, .free, range: .whole(2...1_000_000), placeholder: "n", "Checkpoints to keep, 2 or more."),
    ]
}
