/// The precision of the operands of matrix products. Sums, parameters, moments and all else are 32-bit floats.
public enum Precision: String, Codable, Sendable, CaseIterable {
    case fp32
    /// Operands are rounded to bf16. Fast where the processor has AVX512-BF16; elsewhere the same arithmetic at about the speed of `fp32`.
    case bf16
}
