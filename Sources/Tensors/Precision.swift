/// The precision of the operands of matrix products. Sums, parameters, moments and everything else are 32-bit floats.
public enum Precision: String, Codable, Sendable, CaseIterable {
    case fp32
    /// Operands are rounded to bf16. Fast on processors with AVX512-BF16; on others the same arithmetic runs at about the speed
    /// of `fp32`.
    case bf16
}
