import Benchmarks
import Testing

@Suite("The statistics of benchmarks")
struct BenchmarksTests {
    @Test("The median is the middle value, or the mean of the two middle values")
    func median() {
        #expect([3.0, 1, 2].median == 2)
        #expect([4.0, 1, 3, 2].median == 2.5)
        #expect([7.0].median == 7)
    }

    @Test("The peak of ranks with a core each is the sum of their rates")
    func ownCores() {
        // 1000 operations in 10 ns and in 20 ns: 100 and 50 per nanosecond, which is 10^9 per second.
        let times = [RankTime(start: 0, end: 10), RankTime(start: 5, end: 25)]
        #expect(HostPeak(operations: 1000, cores: 2, times: times).gigaflops == 150)
        #expect(HostPeak(operations: 1000, cores: 64, times: times).gigaflops == 150)
    }

    @Test("A core that several ranks share counts once")
    func sharedCores() {
        // Four ranks on two cores, each alone on its core for 10 ns.
        let times = [(0, 10), (0, 10), (10, 20), (10, 20)].map { RankTime(start: $0.0, end: $0.1) }
        #expect(HostPeak(operations: 1000, cores: 2, times: times).gigaflops == 200)
    }

    @Test("The system's memory statistics are parsed")
    func rollup() {
        let text = """
            5581d1a4a000-7ffd5c9f3000 ---p 00000000 00:00 0    [rollup]
            Rss:                1928 kB
            Pss:                 613 kB
            Pss_Dirty:           112 kB
            Shared_Clean:       1500 kB
            Private_Clean:        72 kB
            Private_Dirty:       100 kB
            """
        #expect(Rollup(text: text)?.proportional == 613 * 1024)
        #expect(Rollup(text: text)?.private == 172 * 1024)
        #expect(Rollup(text: "Rss: 1 kB") == nil)
    }
}
