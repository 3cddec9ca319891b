import Foundation
import Glibc

/// The command line of the mpirun that started this process, without MPI.
///
/// mpirun starts the same command on all ranks if its own command line ends in that command. A shell or a script in between may give each rank
/// other files, and is then in the command line instead.
struct LauncherCommand {
    /// The arguments of the launcher, with its name first.
    let arguments: [[UInt8]]
    /// The launcher's working folder.
    let folder: String

    private static let launchers = ["mpirun", "mpiexec", "orterun", "prterun"]
    /// Processes between a launcher and its ranks.
    private static let helpers = ["hydra_", "orted", "prted", "pmi_proxy"]

    /// Nil unless an ancestor is a launcher, with only processes of the launcher in between.
    init?() {
        var process = getppid()
        for _ in 0..<8 {
            guard let name = Self.text("/proc/\(process)/comm") else { return nil }
            if Self.launchers.contains(where: { name.hasPrefix($0) }) { break }
            guard Self.helpers.contains(where: { name.hasPrefix($0) }), let parent = Self.parent(of: process) else { return nil }
            process = parent
        }
        guard let arguments = Self.arguments(of: "\(process)"), let folder = Self.folder(of: "\(process)") else { return nil }
        (self.arguments, self.folder) = (arguments, folder)
    }

    /// Whether every rank does what this process does: the launcher's command line ends in this one's, and has no other program after a colon,
    /// and a script in between has changed neither the working folder nor the standard output of this process.
    var startsSameWorkOnAllRanks: Bool {
        guard let own = Self.arguments(of: "self"), !own.isEmpty, arguments.count > own.count, !arguments.contains([0x3A]) else {
            return false
        }
        let tail = arguments.suffix(own.count)
        var output = stat()
        let isFile = fstat(1, &output) == 0 && output.st_mode & S_IFMT == S_IFREG
        return tail.dropFirst().elementsEqual(own.dropFirst()) && Self.base(tail[tail.startIndex]) == Self.base(own[0])
            && Self.folder(of: "self") == folder && !isFile
    }

    private static func base(_ path: [UInt8]) -> ArraySlice<UInt8> { path.split(separator: 0x2F).last ?? [] }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func arguments(of process: String) -> [[UInt8]]? {
        FileManager.default.contents(atPath: "/proc/\(process)/cmdline").map {
            $0.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
        }
    }

    private static func folder(of process: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
    }

    /// The parent, from `PPid:` of the status.
    private static func parent(of process: pid_t) -> pid_t? {
        let lines = text("/proc/\(process)/status")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("PPid:") }.flatMap { pid_t($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
    }
}
