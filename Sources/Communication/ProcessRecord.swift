import Foundation

/// What the system tells of a running process (proc(5)).
package struct ProcessRecord {
    /// The process id.
    package let id: Int32

    /// The record of a process, which may have ended.
    package init(_ id: Int32) { self.id = id }

    /// The record of the parent of this process.
    package static var parent: ProcessRecord { ProcessRecord(getppid()) }

    /// The name of its program, at most 15 bytes of it; nil if the process is unknown.
    package var name: String? {
        contents("comm").map { String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self) }
    }

    /// Its arguments, with its program first; nil if the process is unknown.
    package var arguments: [[UInt8]]? {
        contents("cmdline").map { $0.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init) }
    }

    /// The path of its working folder; nil if it is unknown.
    package var folder: [UInt8]? {
        var room = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = room.withUnsafeMutableBytes { readlink("/proc/\(id)/cwd", $0.baseAddress!, $0.count) }
        return count > 0 ? Array(room.prefix(count)) : nil
    }

    /// Its parent; nil if it is unknown.
    package var parent: ProcessRecord? {
        let lines = contents("status").map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
        let id = lines.first { $0.hasPrefix("PPid:") }.flatMap { Int32($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
        return id.map { ProcessRecord($0) }
    }

    private func contents(_ file: String) -> Data? { FileManager.default.contents(atPath: "/proc/\(id)/\(file)") }
}
