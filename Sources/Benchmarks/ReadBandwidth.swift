import Communication
import Tensors

/// Measures the bandwidth at which this core reads a buffer of a given size, from the cache or memory that holds it.
struct ReadBandwidth {
    private let floats: UnsafeMutablePointer<Float>
    private let count: Int
    private let workspace = Workspace()

    /// The minimum duration of a sample, in nanoseconds.
    private static let duration: Int64 = 10_000_000

    init(byteCount: Int) {
        count = byteCount / MemoryLayout<Float>.size
        floats = workspace.allocate(Float.self, count: count)
    }

    /// Bytes per second: the median of passes that take 10 ms in total, at least five. A first pass, which does not count, loads the
    /// buffer.
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
