import Foundation
import TestSupport
import Testing

/// What a process said and returned.
struct ProcessOutcome {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs the built program, with a time limit.
enum ProcessRunner {
    /// The built `rnntrain`, which stands beside the program that runs these tests.
    static var program: String {
        get throws { try built("rnntrain") }
    }

    private static func built(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(filePath: own).deletingLastPathComponent()
        let program = try #require(buildFolder(from: folder)?.appending(path: name))
        return program.path(percentEncoded: false)
    }

    /// The folder that holds the built programs: that of the test bundle, or the one its resources are in.
    private static func buildFolder(from folder: URL) -> URL? {
        [folder, Bundle.module.bundleURL.deletingLastPathComponent()].first {
            FileManager.default.isExecutableFile(atPath: $0.appending(path: "rnntrain").path(percentEncoded: false))
        }
    }

    /// Runs `rnntrain` in a folder.
    static func rnntrain(_ arguments: [String], in folder: URL? = nil) throws -> ProcessOutcome {
        try run(try program, arguments, in: folder)
    }

    /// Runs `reader-fuzz` in a folder.
    static func readerFuzz(_ arguments: [String], in folder: URL) throws -> ProcessOutcome {
        try run(try built("reader-fuzz"), arguments, in: folder, limit: 60 + (Double(arguments[1]) ?? 0))
    }

    /// Runs `rnntrain` under `mpirun`.
    static func rnntrain(ranks: Int, _ arguments: [String]) throws -> ProcessOutcome {
        try run("/usr/bin/env", ["mpirun", "--oversubscribe", "-n", "\(ranks)", try program] + arguments, in: nil)
    }

    /// A file or folder of the repository.
    static func source(_ path: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../" + path).standardized
            .path(percentEncoded: false)
    }

    /// Runs a program to its end, or kills it after so many seconds and records that as an issue.
    static func run(
        _ path: String, _ arguments: [String], in folder: URL? = nil, environment added: [String: String] = [:],
        limit: Double = 60
    ) throws -> ProcessOutcome {
        let scratch = try Scratch()
        let (output, errors) = (try scratch.file("output"), try scratch.file("errors"))
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder ?? scratch.folder
        process.environment = environment.merging(added) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        waitForEnd(of: process, limit: limit)
        return ProcessOutcome(
            status: process.terminationStatus,
            output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }

    private static func waitForEnd(of process: Process, limit: Double) {
        let deadline = Date(timeIntervalSinceNow: limit * Sanitizers.patience)
        while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.005) }
        if process.isRunning {
            Issue.record("\(process.arguments ?? []) did not end within \(limit) seconds")
            kill(process.processIdentifier, SIGKILL)
        }
        process.waitUntilExit()
    }

    /// This process's environment, with what Open MPI needs to start as root, and a fixed width for help.
    private static var environment: [String: String] {
        let added = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "COLUMNS": "80"]
        return ProcessInfo.processInfo.environment.merging(added) { $1 }
    }
}

/// A folder for one test, removed with its owner.
final class Scratch: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "rnntrain-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a file, and gives its place.
    func file(_ name: String, _ text: String = "") throws -> URL {
        let place = folder.appending(path: name)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
        return place
    }
}
