internal import CKernels

/// The sum of the bit patterns of floats, modulo 2^32. Any single flipped bit changes the sum; the order of the floats does not.
///
/// An `UpdateKernel` keeps such a sum up to date: for each element it subtracts the bits that it read and adds the bits that it
/// wrote. If a bit flips between two updates, the running sum and a newly computed sum differ from then on, however many updates
/// follow.
public struct BitSum: Equatable, Sendable {
    var kernel = ck_bit_sum()

    /// The sum of no floats.
    public init() {}

    /// Adds `count` floats.
    public mutating func add(_ values: UnsafePointer<Float>, count: Int) { ck_bits(count, values, &kernel) }

    /// The sum of `count` floats.
    public init(_ values: UnsafePointer<Float>, count: Int) {
        self.init()
        add(values, count: count)
    }

    /// The sum.
    public var value: UInt32 { kernel.sum }

    /// Whether all added floats are finite. Floats that updates write are not checked.
    public var isFinite: Bool { kernel.not_finite == 0 }

    public static func == (left: BitSum, right: BitSum) -> Bool { left.value == right.value }
}
