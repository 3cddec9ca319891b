import TestSupport

extension SeededRandom {
    /// A random number whose magnitude is 1 or smaller, spread over several powers of two.
    mutating func float() -> Float {
        Float.random(in: -1...1, using: &self)
            * Float(sign: .plus, exponent: Int.random(in: -5...0, using: &self), significand: 1)
    }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}
