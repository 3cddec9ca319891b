import Foundation

/// The processes of this machine.
public enum ProcessTable {
    /// The ids of the running processes of `program` with `word`, such as the path of a run folder, in their command lines.
    public static func processes(of program: String, naming word: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { id in
            // A zombie process has an empty command line.
            text("/proc/\(id)/cmdline").contains(word) && text("/proc/\(id)/comm") == program + "\n"
        }
    }

    /// Whether all such processes end within the given number of seconds.
    public static func isRid(of program: String, naming word: String, within seconds: Double) -> Bool {
        waitFor(seconds) { processes(of: program, naming: word).isEmpty }
    }

    /// The first bytes of a file; empty if it cannot be read. Foundation's functions leak memory for each file of `/proc`.
    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}

/// Waits until a condition holds. Returns false if it does not within the given number of seconds; waits longer under sanitizers.
public func waitFor(_ seconds: Double, _ condition: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds * Sanitizers.patience)
    while !condition() {
        if Date() > deadline { return false }
        usleep(1000)
    }
    return true
}
