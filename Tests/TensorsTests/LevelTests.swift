import Testing

/// The suites that go through the instruction sets, one after the other.
@Suite("Kernels at every instruction set", .serialized)
struct LevelTests {}
