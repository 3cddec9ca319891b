/// Options of runs with small texts that make each output layer use all of its parts.
public enum OutputOptions {
    private static let parts: [String: [String]] = [
        "adaptive": ["--cutoffs", "3,6", "--tail-division", "2"],
        "class": ["--classes", "4"],
        "mixture": ["--mixture-size", "2"],
        "sampled": ["--samples", "12"], "nce": ["--samples", "12"], "blackout": ["--samples", "12"],
    ]

    /// Options of runs with direct weights.
    public static let maxEnt = [
        ["--output", "full", "--max-ent-order", "3", "--max-ent-size", "5000"],
        ["--output", "class", "--classes", "4", "--max-ent-order", "2", "--max-ent-size", "2000"],
    ]

    /// `--output` with the name of a kind, and what its parts need with few tokens.
    public static func small(_ name: String) -> [String] { ["--output", name] + (parts[name] ?? []) }
}
