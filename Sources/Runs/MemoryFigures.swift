import Glibc

/// What the system says of the memory that a process may still take, in bytes.
///
/// A figure that it does not give is -1: nothing is refused for want of an answer.
package struct MemoryFigures: BitwiseCopyable, Equatable, Sendable {
    /// `MemAvailable` of proc_meminfo(5): what can be had without swapping.
    package var available = -1
    /// `SwapFree`.
    package var swap = -1
    /// What is left of the tightest limit of the control groups that the process is in, caches not counted.
    package var groupAvailable = -1
    /// Tells that group from others on the same machine.
    package var groupNumber = -1
    /// What is left of the process's own limits (setrlimit(2)): `RLIMIT_AS` on addresses, shared memory included, and `RLIMIT_DATA` on its own memory.
    package var addressesLeft = -1
    package var dataLeft = -1

    package init() {}

    /// Reads the figures of this process. `root` is the folder of `proc` and `sys`, for tests.
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

    /// One level of a hierarchy of control groups.
    private struct Group {
        let folder: String
        /// Names of the files: limit, use, and the fields of `memory.stat` that can be dropped for others.
        let names: (limit: String, use: String, caches: [String])

        /// Nil where the level has no limit.
        var available: Int? {
            guard let limit = Int(MemoryFigures.line(folder + "/" + names.limit)), limit < 1 << 60,
                let use = Int(MemoryFigures.line(folder + "/" + names.use))
            else { return nil }
            let statistics = MemoryFigures.fields(MemoryFigures.text(folder + "/memory.stat"), separator: " ")
            let caches = names.caches.reduce(0) { $0 + (statistics[$1] ?? 0) }
            return max(0, limit - max(0, use - caches))
        }
    }

    /// The groups of this process and those above, of version 2 and of version 1.
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

    /// A folder below `base`, and all above it up to `base`.
    private static func levels(_ base: String, _ path: Substring) -> [String] {
        path.split(separator: "/").reduce(into: [base]) { levels, name in levels.append(levels.last! + "/" + name) }
    }

    private static func number(ofFolder path: String) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Int(truncatingIfNeeded: UInt64(status.st_ino) ^ UInt64(status.st_dev) << 48) & Int.max
    }

    // MARK: Texts

    /// `name 123` or `name: 123 kB`, a field a line.
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

    /// Files of `proc` and `sys` have no size: they are read to their end.
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
