import Foundation
import Tensors

/// An elementary function of the kernels, with its exact counterpart.
enum Elementary: String, CaseIterable {
    case exp, tanh, sigmoid

    func callAsFunction(_ x: [Float]) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { buffer, count in
            count = x.count
            guard let y = buffer.baseAddress else { return }
            switch self {
            case .exp: RowKernels.exp(count: count, x, into: y)
            case .tanh: RowKernels.tanh(count: count, x, into: y)
            case .sigmoid: RowKernels.sigmoid(count: count, x, into: y)
            }
        }
    }

    func exact(_ x: Double) -> Double {
        switch self {
        case .exp: Foundation.exp(x)
        case .tanh: Foundation.tanh(x)
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        }
    }

    /// The documented error bound over all floats, in ulps.
    var bound: Double {
        switch self {
        case .exp: 1.01
        case .tanh: 1.34
        case .sigmoid: 2
        }
    }

    /// Inputs near the points where the kernel changes its method.
    var switchPoints: [Float] {
        let halves = (-126...127).map { (Float($0) + 0.5) * 0.693147181 }  // where the power of two changes
        switch self {
        case .exp: return halves + [-87.3365447, 88.7228394, 0]
        case .tanh: return [-0.625, 0.625, 0]
        case .sigmoid: return halves + [-87.3365447, 87.3365447, 0]
        }
    }
}

/// The maximum error of an elementary function over the inputs so far.
struct WorstError {
    var ulps = 0.0
    var at: Float = 0
    /// The number of NaN inputs with another result, and of other inputs with the result NaN.
    var lostNaNs = 0

    mutating func see(_ function: Elementary, x: Float, y: Float) {
        if x.isNaN || y.isNaN {
            lostNaNs += x.isNaN && y.isNaN ? 0 : 1
            return
        }
        let error = errorInULPs(of: y, from: function.exact(Double(x)))
        if error > ulps { (ulps, at) = (error, x) }
    }

    mutating func merge(_ other: WorstError) {
        if other.ulps > ulps { (ulps, at) = (other.ulps, other.at) }
        lostNaNs += other.lostNaNs
    }
}

/// The distance of `found` from `exact`, in units of the spacing of floats at `exact`.
///
/// Infinity counts as 2^128. If the exact result is denormal, any result from zero to the smallest normal number is correct, because ranks
/// flush such results.
func errorInULPs(of found: Float, from exact: Double) -> Double {
    let least = Double(Float.leastNormalMagnitude)
    if abs(exact) < least { return abs(found) <= Float.leastNormalMagnitude ? 0 : .infinity }
    let reach = exact.sign == .minus ? max(exact, -0x1p128) : min(exact, 0x1p128)
    let value = found.isInfinite ? (found > 0 ? 0x1p128 : -0x1p128) : Double(found)
    let ulp = Double(sign: .plus, exponent: min(reach.exponent, 127) - 23, significand: 1)
    return abs(value - reach) / ulp
}
