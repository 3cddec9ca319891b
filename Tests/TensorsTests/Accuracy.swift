import Foundation
import Tensors

/// An elementary function of the kernels, with what it must approach.
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

    /// The stated bound over all floats, in ulps.
    var bound: Double {
        switch self {
        case .exp: 1.01
        case .tanh: 1.34
        case .sigmoid: 2
        }
    }

    /// Inputs around which the kernel changes from one way of reckoning to another.
    var switchPoints: [Float] {
        let halves = (-126...127).map { (Float($0) + 0.5) * 0.693147181 }  // where the power of two changes
        switch self {
        case .exp: return halves + [-87.3365447, 88.7228394, 0]
        case .tanh: return [-0.625, 0.625, 0]
        case .sigmoid: return halves + [-87.3365447, 87.3365447, 0]
        }
    }
}

/// The largest error of an elementary function over the inputs seen so far.
struct WorstError {
    var ulps = 0.0
    var at: Float = 0
    /// NaN that did not stay NaN, or became one.
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

/// The distance of `found` from `exact`, by that of two floats at `exact`.
///
/// Infinity counts as 2^128. Where the exact result is denormal, anything from zero to the least normal number is right: ranks
/// flush such results.
func errorInULPs(of found: Float, from exact: Double) -> Double {
    let least = Double(Float.leastNormalMagnitude)
    if abs(exact) < least { return abs(found) <= Float.leastNormalMagnitude ? 0 : .infinity }
    let reach = exact.sign == .minus ? max(exact, -0x1p128) : min(exact, 0x1p128)
    let value = found.isInfinite ? (found > 0 ? 0x1p128 : -0x1p128) : Double(found)
    let ulp = Double(sign: .plus, exponent: min(reach.exponent, 127) - 23, significand: 1)
    return abs(value - reach) / ulp
}
