/// The natural logarithm of a positive number, using only operations that IEEE 754 defines exactly. The result does not depend on
/// a library.
///
/// With `x = m * 2^e` and m from 1 to 2: `e ln 2 + 2 artanh((m-1)/(m+1))`. The series ends where its terms fall below a rounding
/// error.
public func portableLogarithm(_ x: Double) -> Double {
    let ratio = (x.significand - 1) / (x.significand + 1)
    let series = stride(from: 41, through: 1, by: -2).reduce(0.0) { $0 * ratio * ratio + 1 / Double($1) }
    return Double(x.exponent) * 0.6931471805599453 + 2 * ratio * series
}
