import Testing

/// The suites that iterate over instruction sets, one after another.
@Suite("Kernels at every instruction set", .serialized)
struct LevelTests {}
