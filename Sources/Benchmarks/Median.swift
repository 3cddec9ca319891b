extension Collection<Double> {
    /// The middle one, or the mean of the two in the middle. There must be one at least.
    package var median: Double {
        let ordered = sorted()
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }
}
