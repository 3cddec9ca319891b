import TestSupport

extension SeededRandom {
    /// A number of magnitudes from 1 down.
    mutating func float() -> Float {
        Float.random(in: -1...1, using: &self)
            * Float(sign: .plus, exponent: Int.random(in: -5...0, using: &self), significand: 1)
    }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}
