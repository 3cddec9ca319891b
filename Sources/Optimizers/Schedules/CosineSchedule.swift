public import Kinds

/// `g * (1 + cos(pi * x)) / 2` for the initial rate g, after the share x of the run's steps (Loshchilov & Hutter 2017, without
/// restarts).
public struct CosineSchedule: Schedule {
    public static let name = "cosine"
    public static let summary =
        "The rate is `g * (1 + cos(pi * x)) / 2` at the share x of the run's steps, and falls to 0 (Loshchilov & Hutter 2017, without restarts)."

    public init(_ settings: Settings) {}

    public func rate(_ initialRate: Double, at place: SchedulePlace) -> Double {
        initialRate * (1 + Self.cosine(ofHalfTurns: place.progress)) / 2
    }

    /// `cos(pi * x)` for x in 0...1, accurate to 1e-15: the Taylor series of `sin(pi * (1/2 - x))`, so its bits do not depend on
    /// libm.
    private static func cosine(ofHalfTurns x: Double) -> Double {
        let angle = Double.pi * (0.5 - x)
        var (term, sum) = (angle, angle)
        for n in 1...12 {
            term *= -angle * angle / Double(2 * n * (2 * n + 1))
            sum += term
        }
        return sum
    }
}
