/// The result of a reduction besides the gradient itself; the same on every rank.
public struct Reduction: Sendable, Equatable {
    /// The sum of the squares of all elements of the gradient, in double. Not finite if the gradient is not.
    public let squaredNorm: Double
    /// The bitwise or of the flags of all ranks.
    public let flags: Int32
}
