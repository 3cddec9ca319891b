internal import CKernels

/// Rounding to bf16, of which a number is the upper 16 bits of a float.
package enum BFloat16 {
    /// The nearest bf16 of each value, ties to even; NaN becomes quiet, denormals zero.
    package static func round(_ values: UnsafePointer<Float>, count: Int, into rounded: UnsafeMutablePointer<UInt16>) {
        ck_bf16_round(count, values, rounded)
    }
}
