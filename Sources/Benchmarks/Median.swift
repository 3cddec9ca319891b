extension Collection<Double> {
    /// The median: the middle element, or the mean of the two in the middle. Requires at least one element.
    package var median: Double {
        let ordered = sorted()
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }
}
