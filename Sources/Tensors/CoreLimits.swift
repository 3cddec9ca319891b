internal import CKernels

/// What the calling core can do at most, at the level in use: work whose time is a bound for other work.
public enum CoreLimits {
    /// Floating-point operations in a round of `multiplyAdd`.
    public static func operationsPerRound(_ precision: Precision = .fp32) -> Int {
        (precision == .bf16 ? 2 : 1) * 2 * 16 * Int(CK_PEAK_CHAINS)
    }

    /// Fused multiply-adds in registers alone, in enough independent chains to keep all units busy; of pairs of bf16 where asked for.
    ///
    /// Returns 2 after 32 rounds or more, but for bf16 where the processor has instructions for it.
    @discardableResult
    public static func multiplyAdd(rounds: Int, _ precision: Precision = .fp32) -> Float {
        lanes { precision == .bf16 ? ck_bf16_peak(rounds, $0) : ck_fma_peak(rounds, $0) }.reduce(0, +) / 16
    }

    /// Reads all floats once, but for at most 63 at the end, and returns their sum.
    @discardableResult
    public static func read(_ floats: UnsafePointer<Float>, count: Int) -> Float {
        lanes { ck_read(count, floats, $0) }.reduce(0, +)
    }

    /// What a kernel writes to 16 lanes.
    private static func lanes(_ kernel: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        [Float](unsafeUninitializedCapacity: 16) { buffer, count in
            kernel(buffer.baseAddress!)
            count = 16
        }
    }
}
