/// A confidence interval of 95 %.
public struct Interval: Sendable, Equatable {
    /// The lower limit.
    public let low: Double
    /// The upper limit.
    public let high: Double

    package init(low: Double, high: Double) { (self.low, self.high) = (low, high) }

    /// The 97.5 % point of the standard normal distribution.
    private static let z = 1.959_963_984_540_054

    /// The interval of Wilson (1927) for a proportion of `successes` in `count` independent trials; nil without trials.
    public static func wilson(successes: Int, of count: Int) -> Interval? {
        guard count > 0 else { return nil }
        let (n, p, z2) = (Double(count), Double(successes) / Double(count), z * z)
        let center = (p + z2 / (2 * n)) / (1 + z2 / n)
        let half = z / (1 + z2 / n) * (p * (1 - p) / n + z2 / (4 * n * n)).squareRoot()
        return Interval(low: successes == 0 ? 0 : center - half, high: successes == count ? 1 : center + half)
    }
}
