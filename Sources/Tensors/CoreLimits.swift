internal import CKernels

/// The peak rates of the calling core at the current level: upper bounds for the speed of other kernels.
public enum CoreLimits {
    /// Floating-point operations in one round of `multiplyAdd`.
    public static func operationsPerRound(_ precision: Precision = .fp32) -> Int {
        (precision == .bf16 ? 2 : 1) * 2 * 16 * Int(CK_PEAK_CHAINS)
    }

    /// Runs fused multiply-adds on registers only, in enough independent chains to keep all units busy. With `.bf16` it
    /// multiplies pairs.
    ///
    /// Returns 2 after at least 32 rounds, except for bf16 on a processor that has an instruction for it.
    @discardableResult
    public static func multiplyAdd(rounds: Int, _ precision: Precision = .fp32) -> Float {
        lanes { precision == .bf16 ? ck_bf16_peak(rounds, $0) : ck_fma_peak(rounds, $0) }.reduce(0, +) / 16
    }

    /// Reads all floats once, except for at most 63 at the end, and returns their sum.
    @discardableResult
    public static func read(_ floats: UnsafePointer<Float>, count: Int) -> Float {
        lanes { ck_read(count, floats, $0) }.reduce(0, +)
    }

    /// The 16 lanes that a kernel writes.
    private static func lanes(_ kernel: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        [Float](unsafeUninitializedCapacity: 16) { buffer, count in
            kernel(buffer.baseAddress!)
            count = 16
        }
    }
}
