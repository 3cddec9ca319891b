internal import CKernels
import Synchronization

/// The processor's instruction sets that kernels use.
public enum Processor {
    /// The instruction set in use: `avx512bf16`, `avx512`, `avx2` or `baseline`.
    ///
    /// It is chosen at start from the processor. The environment variable `RNNTRAIN_CPU_LEVEL` lowers it, if it names one of
    /// ``availableLevels``. In fp32 all levels give the same bits. In bf16 the levels with and without the bf16 instruction are
    /// designed to, but this is not guaranteed.
    public static var level: String { String(cString: ck_level_name()) }

    /// Whether the current level has an instruction for products in bf16.
    public static var hasBF16: Bool { level == "avx512bf16" }

    /// Selects another level, for tests; false if the processor lacks it.
    public static func select(level: String) -> Bool { ck_select_level(level) == 0 }

    /// The levels that this processor supports, fastest first.
    public static var availableLevels: [String] { levels.filter { ck_has_level($0) != 0 } }

    /// All levels, fastest first.
    private static let levels = ["avx512bf16", "avx512", "avx2", "baseline"]
    private static let turn = Mutex(())

    /// Runs `body` at each level that the processor supports, for tests, and then restores the current level.
    ///
    /// The level is global to the process. Concurrent calls are serialised, and `body` must not call this function.
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
