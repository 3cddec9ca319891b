import Communication
import Tensors

/// Measures how fast this core reads a buffer of a size, from wherever one of that size stays: a cache or memory.
struct ReadBandwidth {
    private let floats: UnsafeMutablePointer<Float>
    private let count: Int
    private let workspace = Workspace()

    /// Nanoseconds of a sample at least.
    private static let duration: Int64 = 10_000_000

    init(byteCount: Int) {
        count = byteCount / MemoryLayout<Float>.size
        floats = workspace.allocate(Float.self, count: count)
    }

    /// Bytes a second: the median of passes that take 10 ms in all, or of five. A first one, which is not counted, brings the buffer
    /// where it stays.
    func sample() -> Double {
        CoreLimits.read(floats, count: count)
        let start = MonotonicClock.nanoseconds
        var passes: [Double] = []
        while passes.count < 5 || MonotonicClock.nanoseconds - start < Self.duration { passes.append(pass()) }
        return Double(count * MemoryLayout<Float>.size) / passes.median * 1e9
    }

    /// Nanoseconds of one pass.
    private func pass() -> Double {
        let start = MonotonicClock.nanoseconds
        CoreLimits.read(floats, count: count)
        return Double(MonotonicClock.nanoseconds - start)
    }
}
