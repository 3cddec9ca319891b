extension ConfigurationField {
    /// How the work is spread over the ranks.
    static let distribution: [ConfigurationField] = [
        .init(
            .shards, optional: \.shards, .distribution, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            absent: "8, or the next power of two not below the ranks, or the batch size if that is smaller",
            "Parts of the batch, fixed for the life of a run: at most so many ranks can work. The results depend on it."),
        .init(
            .exchange, \.exchange, .distribution, .free,
            "How the ranks of a node sum gradients: in a shared-memory window, or by messages."),
        .init(
            .nodeSize, \.nodeSize, .distribution, .free, range: .whole(1...1_000_000, orZero: "for the nodes as they are"),
            placeholder: "n",
            "Ranks to treat as one node; 0: the nodes as they are."),
        .init(
            .teams, \.teams, .distribution, .free,
            "Whether the ranks of a node split large layers by hidden units: where it is likely to be faster, always, never."
        ),
    ]
}
