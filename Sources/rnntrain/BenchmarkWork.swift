import Failures

/// Measures steps, or the exchange alone, and prints the figures.
func runBenchmark(_ options: BenchmarkOptions) throws {
}
