/// SplitMix64 (Steele et al. 2014).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number of magnitudes from 1 down.
    mutating func float() -> Float {
        Float.random(in: -1...1, using: &self)
            * Float(sign: .plus, exponent: Int.random(in: -5...0, using: &self), significand: 1)
    }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}
