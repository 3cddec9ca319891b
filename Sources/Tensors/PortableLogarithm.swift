/// The natural logarithm of a positive number, from operations that IEEE 754 defines to the bit: no library decides the result's bits.
///
/// With `x = m * 2^e`, m from 1 to 2: `e ln 2 + 2 artanh((m-1)/(m+1))`, whose series is cut where its terms are below a rounding.
public func portableLogarithm(_ x: Double) -> Double {
    let ratio = (x.significand - 1) / (x.significand + 1)
    let series = stride(from: 41, through: 1, by: -2).reduce(0.0) { $0 * ratio * ratio + 1 / Double($1) }
    return Double(x.exponent) * 0.6931471805599453 + 2 * ratio * series
}
