internal import CKernels

/// The sum of the bit patterns of floats, modulo 2^32: any one flipped bit changes it, and no order of the floats does.
///
/// An `UpdateKernel` keeps such a sum up as it writes. What it reads counts as it was read: so a bit that flips between two updates
/// stays in the difference between the sum that was kept up and one that is made anew, however many updates come between.
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

    /// The sum itself.
    public var value: UInt32 { kernel.sum }

    /// Whether all floats that were added are finite; what updates write is not looked at.
    public var isFinite: Bool { kernel.not_finite == 0 }

    public static func == (left: BitSum, right: BitSum) -> Bool { left.value == right.value }
}
