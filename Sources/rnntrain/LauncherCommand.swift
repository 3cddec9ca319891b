import Communication
import Glibc

/// The command line of the mpirun that started this process, without MPI.
///
/// mpirun starts the same command on all ranks if its own command line ends in that command. A shell or a script in between may give each rank
/// other files, and is then in the command line instead.
struct LauncherCommand {
    /// The arguments of the launcher, with its name first.
    let arguments: [[UInt8]]
    /// The path of the launcher's working folder.
    let folder: [UInt8]

    private static let launchers = ["mpirun", "mpiexec", "orterun", "prterun"]
    /// Processes between a launcher and its ranks.
    private static let helpers = ["hydra_", "orted", "prted", "pmi_proxy"]

    /// Nil unless an ancestor is a launcher, with only processes of the launcher in between.
    init?() {
        var process = ProcessRecord.parent
        for _ in 0..<8 {
            guard let name = process.name else { return nil }
            if Self.launchers.contains(where: name.hasPrefix) { break }
            guard Self.helpers.contains(where: name.hasPrefix), let parent = process.parent else { return nil }
            process = parent
        }
        guard let arguments = process.arguments, let folder = process.folder else { return nil }
        (self.arguments, self.folder) = (arguments, folder)
    }

    /// Whether every rank does what this process does: the launcher's command line ends in this one's, and has no other program after a colon,
    /// and a script in between has changed neither the working folder nor the standard output of this process.
    var startsSameWorkOnAllRanks: Bool {
        let process = ProcessRecord(getpid())
        guard let own = process.arguments, !own.isEmpty, arguments.count > own.count, !arguments.contains([0x3A]) else {
            return false
        }
        let tail = arguments.suffix(own.count)
        var output = stat()
        let isFile = fstat(1, &output) == 0 && output.st_mode & S_IFMT == S_IFREG
        return tail.dropFirst().elementsEqual(own.dropFirst()) && Self.base(tail[tail.startIndex]) == Self.base(own[0])
            && process.folder == folder && !isFile
    }

    private static func base(_ path: [UInt8]) -> ArraySlice<UInt8> { path.split(separator: 0x2F).last ?? [] }
}
