import Files
import Glibc

/// The memory that a process may still use, in bytes, as the system reports it.
///
/// A figure that the system does not report is -1. Such a limit is not enforced.
package struct MemoryFigures: BitwiseCopyable, Equatable, Sendable {
    /// `MemAvailable` of proc_meminfo(5): memory that is available without swapping.
    package var available = -1
    /// `SwapFree`.
    package var swap = -1
    /// The remaining memory under the lowest limit of the process's control groups. Caches do not count as used.
    package var groupAvailable = -1
    /// Identifies that group among the groups of the machine.
    package var groupNumber = -1
    /// What the limits of the process (setrlimit(2)) leave: `RLIMIT_AS` for addresses, including shared memory, and `RLIMIT_DATA`
    /// for its own memory.
    package var addressesLeft = -1
    package var dataLeft = -1

    package init() {}

    /// Reads the figures of this process. `root` is the folder that contains `proc` and `sys`, for tests.
    package init(root: String = "") {
        let memory = Self.fields(Self.text(root + "/proc/meminfo"), separator: ":")
        available = memory["MemAvailable"].map { $0 * 1024 } ?? -1
        swap = memory["SwapFree"].map { $0 * 1024 } ?? -1
        for level in Self.groups(root: root) {
            guard let left = level.available, groupAvailable < 0 || left < groupAvailable else { continue }
            groupAvailable = left
            groupNumber = Self.number(ofFolder: level.folder)
        }
        let used = Self.fields(Self.text(root + "/proc/self/status"), separator: ":")
        guard root.isEmpty else { return }
        addressesLeft = Self.left(of: RLIMIT_AS, used: used["VmSize"])
        dataLeft = Self.left(of: RLIMIT_DATA, used: used["VmData"])
    }

    /// -1 without a limit. `used` is in kB.
    private static func left(of resource: __rlimit_resource, used: Int?) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < 1 << 60 else { return -1 }
        return max(0, Int(limit.rlim_cur) - (used ?? 0) * 1024)
    }

    // MARK: Control groups

    /// A level of a hierarchy of control groups.
    private struct Group {
        let folder: String
        /// The names of the files with the limit and the use, and the fields of `memory.stat` for memory that can be reclaimed.
        let names: (limit: String, use: String, caches: [String])

        /// Nil if the level has no limit.
        var available: Int? {
            guard let limit = Int(MemoryFigures.line(folder + "/" + names.limit)), limit < 1 << 60,
                let use = Int(MemoryFigures.line(folder + "/" + names.use))
            else { return nil }
            let statistics = MemoryFigures.fields(MemoryFigures.text(folder + "/memory.stat"), separator: " ")
            let caches = names.caches.reduce(0) { $0 + (statistics[$1] ?? 0) }
            return max(0, limit - max(0, use - caches))
        }
    }

    /// The groups of this process and their parents, of cgroups v2 and v1.
    private static func groups(root: String) -> [Group] {
        text(root + "/proc/self/cgroup").split(separator: "\n").flatMap { line -> [Group] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            if parts[1].isEmpty {
                let names = ("memory.max", "memory.current", ["active_file", "inactive_file"])
                return levels(root + "/sys/fs/cgroup", parts[2]).map { Group(folder: $0, names: names) }
            }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            let names = ("memory.limit_in_bytes", "memory.usage_in_bytes", ["total_active_file", "total_inactive_file"])
            return levels(root + "/sys/fs/cgroup/memory", parts[2]).map { Group(folder: $0, names: names) }
        }
    }

    /// A folder below `base`, and all its parents up to `base`.
    private static func levels(_ base: String, _ path: Substring) -> [String] {
        pathNames(String(path)).reduce(into: [base]) { levels, name in levels.append(levels.last! + "/" + name) }
    }

    private static func number(ofFolder path: String) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Int(truncatingIfNeeded: UInt64(status.st_ino) ^ UInt64(status.st_dev) << 48) & Int.max
    }

    // MARK: Texts

    /// Parses `name 123` or `name: 123 kB`, one field per line.
    private static func fields(_ text: String, separator: Character) -> [String: Int] {
        text.split(separator: "\n").reduce(into: [:]) { fields, line in
            let parts = line.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, let number = parts[1].split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) }) else {
                return
            }
            fields[String(parts[0])] = number
        }
    }

    private static func line(_ path: String) -> String { text(path).split(separator: "\n").first.map(String.init) ?? "" }

    /// Files in `proc` and `sys` have no size, so they are read to the end.
    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}
