import Foundation
import TestSupport

/// A folder in which the commands of one page run, with the scripts under `launch`, the built programs, and small texts under the names
/// that the pages use.
final class PageFolder {
    private let texts: TrainingFolder
    private let root: URL

    var url: URL { texts.folder }

    /// `root` is the root of the repository.
    init(root: URL) throws {
        self.root = root
        texts = try TrainingFolder(lines: 400, validLines: 60)
        try texts.write("input.txt", try texts.bytes("train.txt"))
        try link("launch", to: root.appending(path: "launch"))
    }

    /// Runs a command line in the folder with bash. The output includes standard error only with `withErrors`.
    func run(_ command: String, limit: TimeInterval = 120) throws -> ProgramRun {
        let path = ProgramRun.buildFolder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin")
        let environment = [
            "PATH": path, "RNNTRAIN_PROGRAM": ProgramRun.buildFolder.path + "/rnntrain", "COLUMNS": "80",
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ]
        return try ProgramRun.run(
            URL(filePath: "/bin/bash"), ["-c", command], environment: environment, folder: url, timeLimit: limit)
    }

    private func link(_ name: String, to target: URL) throws {
        let place = url.appending(path: name)
        try FileManager.default.createSymbolicLink(at: place, withDestinationURL: target)
    }
}
