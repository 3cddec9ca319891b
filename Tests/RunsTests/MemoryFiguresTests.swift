import Runs
import TestSupport
import Testing

@Suite("Memory reported by the system")
struct MemoryFiguresTests {
    private let root: TrainingFolder

    init() throws { root = try TrainingFolder(lines: 0, validLines: 0) }

    private func write(_ name: String, _ text: String) throws { try root.writeDeep(name, text) }

    private func figures() -> MemoryFigures { MemoryFigures(root: root.folder.path) }

    @Test("is unknown if the system reports nothing, or not a number")
    func nothing() throws {
        #expect(figures() == MemoryFigures())
        try write("proc/meminfo", "MemAvailable: many kB\n")
        try write("proc/self/cgroup", "0::/a\n")
        try write("sys/fs/cgroup/a/memory.max", "max\n")
        try write("sys/fs/cgroup/a/memory.current", "5\n")
        #expect(figures() == MemoryFigures())
    }

    @Test("is taken from MemAvailable and SwapFree")
    func system() throws {
        try write("proc/meminfo", "MemTotal:  9 kB\nMemFree: 1 kB\nMemAvailable:    1000 kB\nSwapFree:  24 kB\n")
        let found = figures()
        #expect(found.available == 1_024_000 && found.swap == 24 * 1024 && found.groupAvailable == -1)
    }

    @Test("is the lowest limit of the control groups above, less used memory without caches")
    func secondVersion() throws {
        try write("proc/self/cgroup", "0::/job/step\n")
        try write("sys/fs/cgroup/job/memory.max", "1000000\n")
        try write("sys/fs/cgroup/job/memory.current", "700000\n")
        try write("sys/fs/cgroup/job/memory.stat", "anon 300000\nfile 400000\nactive_file 150000\ninactive_file 50000\n")
        try write("sys/fs/cgroup/job/step/memory.max", "900000\n")
        try write("sys/fs/cgroup/job/step/memory.current", "100000\n")
        #expect(figures().groupAvailable == 500_000)
        try write("sys/fs/cgroup/job/step/memory.max", "200000\n")
        #expect(figures().groupAvailable == 100_000)
        // In a container, the container's own group is the root.
        try write("proc/self/cgroup", "0::/\n")
        #expect(figures().groupAvailable == -1)
        try write("sys/fs/cgroup/memory.max", "70000\n")
        try write("sys/fs/cgroup/memory.current", "90000\n")
        #expect(figures().groupAvailable == 0)
    }

    @Test("is also read from cgroups v1, in which a huge limit means none")
    func firstVersion() throws {
        try write("proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/slurm\n0::/\n")
        try write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
        try write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n")
        #expect(figures().groupAvailable == -1)
        try write("sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "5000\n")
        try write("sys/fs/cgroup/memory/slurm/memory.usage_in_bytes", "4000\n")
        try write("sys/fs/cgroup/memory/slurm/memory.stat", "total_inactive_file 300\ntotal_active_file 200\n")
        let found = figures()
        #expect(found.groupAvailable == 1500 && found.groupNumber > 0)
    }

    @Test("is known on this machine")
    func own() {
        #expect(MemoryFigures(root: "").available > 0)
    }
}
