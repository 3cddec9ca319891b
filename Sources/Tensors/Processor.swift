internal import CKernels
import Synchronization

/// What the kernels know of the processor.
public enum Processor {
    /// The instruction set in use: `avx512bf16`, `avx512`, `avx2` or `baseline`.
    ///
    /// Chosen at start from the processor; the environment variable `RNNTRAIN_CPU_LEVEL` lowers it, if it names one of
    /// ``availableLevels``. All give the same bits; with bf16, those with and without its instruction are only meant to.
    public static var level: String { String(cString: ck_level_name()) }

    /// Whether products in bf16 have an instruction of their own at the level in use.
    public static var hasBF16: Bool { level == "avx512bf16" }

    /// Takes another level from now on, for tests; false where the processor lacks it.
    public static func select(level: String) -> Bool { ck_select_level(level) == 0 }

    /// The levels that this processor has, from the best to the plainest.
    public static var availableLevels: [String] { levels.filter { ck_has_level($0) != 0 } }

    /// Every level there is, from the best to the plainest.
    private static let levels = ["avx512bf16", "avx512", "avx2", "baseline"]
    private static let turn = Mutex(())

    /// Runs `body` at each level that the processor has, for tests; then the standing level returns.
    ///
    /// The level is the whole process's: callers take turns, and `body` must not call this again.
    package static func atEachLevel(_ body: (String) throws -> Void) rethrows {
        try turn.withLock { _ in
            let standing = level
            defer { _ = select(level: standing) }
            for level in levels where select(level: level) { try body(level) }
        }
    }

    /// Flushes denormals to zero in the calling thread, as every rank does before its first step.
    public static func flushDenormals() { ck_flush_denormals() }
}
