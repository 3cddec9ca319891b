import Tensors
import TestSupport
import Testing

/// The nearest bf16, from distances in Double; ties to the one whose last bit is 0, NaN made quiet, denormals zero of their sign.
func nearestBFloat16(_ x: Float) -> UInt16 {
    let low = UInt16(x.bitPattern >> 16)
    if x.isNaN { return low | 0x0040 }
    if x.isInfinite { return low }
    if x.isZero || x.isSubnormal { return low & 0x8000 }
    // As magnitudes: `high` may be 2^128, which a Double can represent and which corresponds to the bit pattern of infinity.
    let below = Double(Float(bitPattern: UInt32(low & 0x7fff) << 16)), magnitude = Double(x.magnitude)
    let above = low & 0x7fff == 0x7f7f ? 0x1p128 : Double(Float(bitPattern: UInt32(low & 0x7fff + 1) << 16))
    let (toBelow, toAbove) = (magnitude - below, above - magnitude)
    return toBelow < toAbove || (toBelow == toAbove && low % 2 == 0) ? low : low + 1
}

/// The elements of a matrix after rounding to bf16, row by row.
func roundedValues(_ matrix: MatrixView) -> [Float] {
    matrix.values.map { Float(bitPattern: UInt32(nearestBFloat16($0)) << 16) }
}

/// One chain over pairs of terms. The odd term is added first, then the even one, each by a fused multiply-add. A single last term is
/// paired with zero.
func pairChain(_ a: [Float], _ b: [Float], from start: Float) -> Float {
    var sum = start
    for even in stride(from: 0, to: a.count, by: 2) {
        sum = even + 1 < a.count ? sum.addingProduct(a[even + 1], b[even + 1]) : sum.addingProduct(0, 0)
        sum = sum.addingProduct(a[even], b[even])
    }
    return sum
}

/// Whether `found` matches `expected`: to the bit if the steps are computed, and within 1e-6 of the summed magnitudes if the processor's
/// own instruction computes them.
func agrees(
    _ found: some Collection<Float>, _ expected: some Collection<Float>, magnitudes: some Collection<Float>, level: String
) -> Bool {
    guard level == "avx512bf16" else { return differingBits(found, expected) == 0 }
    return found.count == expected.count
        && zip(zip(found, expected), magnitudes).allSatisfy { pair, magnitude in
            abs(Double(pair.0) - Double(pair.1)) <= 1e-6 * Double(magnitude)
        }
}
