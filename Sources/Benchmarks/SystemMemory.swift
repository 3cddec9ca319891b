public import Communication
import Foundation

/// The memory of all ranks that the system reports, in bytes, including libraries and buffers of MPI.
public struct SystemMemory: Sendable, Equatable {
    /// Pages that only one rank uses.
    public let privateBytes: Int
    /// Pages that several processes use. Each rank counts its proportional part (proportional set size), so each page counts once.
    public let sharedBytes: Int

    /// The current sum over all ranks; nil if the system of a rank reports nothing. Collective.
    public static func ofAllRanks(_ world: World) throws -> SystemMemory? {
        let own = Rollup.own
        let all = try world.allgather(own ?? Rollup(proportional: -1, private: 0))
        if all.contains(where: { $0.proportional < 0 }) { return nil }
        let privateBytes = all.reduce(0) { $0 + $1.private }
        return SystemMemory(
            privateBytes: privateBytes, sharedBytes: all.reduce(0) { $0 + $1.proportional } - privateBytes)
    }
}

/// Sums over all mappings of a process, in bytes.
package struct Rollup: BitwiseCopyable, Equatable {
    /// Proportional set size.
    package var proportional: Int
    /// Pages of this process only.
    package var `private`: Int

    init(proportional: Int, private: Int) {
        self.proportional = proportional
        self.private = `private`
    }

    /// From the text of a `smaps_rollup` (proc_pid_smaps(5)) with lines such as `Pss:  1234 kB`; nil if a line is missing.
    package init?(text: String) {
        var kilobytes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[2] == "kB" { kilobytes[words[0]] = Int(words[1]) }
        }
        guard let pss = kilobytes["Pss:"], let clean = kilobytes["Private_Clean:"], let dirty = kilobytes["Private_Dirty:"] else {
            return nil
        }
        self.init(proportional: pss * 1024, private: (clean + dirty) * 1024)
    }

    /// The memory of this process.
    static var own: Rollup? {
        (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)).flatMap(Rollup.init(text:))
    }
}
