import Kinds

extension ConfigurationField {
    /// How the work is distributed over the ranks.
    static let distribution: [ConfigurationField] = [
        .init(
            .shards, optional: \.shards, .distribution, .fixed, range: .whole(1...10_000_000), placeholder: "n",
            absent: "8; for more than 8 ranks, the next power of two; at most --batch-size",
            "Number of parts of the batch, and so the maximum number of ranks. It is fixed for the life of a run; the results depend on it."
        ),
        .init(
            .exchange, \.exchange, .distribution, .free,
            "How the ranks of a node sum gradients: in a shared-memory window, or with messages."),
        .init(
            .nodeSize, \.nodeSize, .distribution, .free, range: .whole(1...1_000_000, orZero: "for the real nodes"),
            placeholder: "n",
            "Number of ranks to treat as one node; 0: the real nodes."),
        .init(
            .teams, \.teams, .distribution, .free,
            "Whether the ranks of a node split large layers by hidden units; auto: where this is likely to be faster."
        ),
    ]
}
