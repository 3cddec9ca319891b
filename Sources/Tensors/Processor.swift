internal import CKernels

/// What the kernels know of the processor.
public enum Processor {
    /// The instruction set in use: `avx512`, `avx2` or `baseline`.
    ///
    /// Chosen at start from the processor; the environment variable `RNNTRAIN_CPU_LEVEL` lowers it. All give the same bits.
    public static var level: String { String(cString: ck_level_name()) }

    /// Takes another level from now on, for tests; false where the processor lacks it.
    public static func select(level: String) -> Bool { ck_select_level(level) == 0 }

    /// Flushes denormals to zero in the calling thread, as every rank does before its first step.
    public static func flushDenormals() { ck_flush_denormals() }
}
