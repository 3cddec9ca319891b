internal import CKernels

/// Rounding of floats to bf16. A bf16 number is the upper 16 bits of a float.
package enum BFloat16 {
    /// Rounds each value to the nearest bf16, ties to even. NaN becomes a quiet NaN, denormals become zero.
    package static func round(_ values: UnsafePointer<Float>, count: Int, into rounded: UnsafeMutablePointer<UInt16>) {
        ck_bf16_round(count, values, rounded)
    }
}
