import Foundation
import TestSupport
import Testing

/// Runs programs for tests of the command line, by default in an empty folder, with help in 80 columns.
enum ProcessRunner {
    /// The built `rnntrain`.
    static var program: String { ProgramRun.buildFolder.appendingPathComponent("rnntrain").path }

    /// Runs `rnntrain` in a folder.
    static func rnntrain(_ arguments: [String], in folder: URL? = nil) throws -> ProgramRun {
        try run(program, arguments, in: folder)
    }

    /// Runs `reader-fuzz` in a folder.
    static func readerFuzz(_ arguments: [String], in folder: URL) throws -> ProgramRun {
        let program = ProgramRun.buildFolder.appendingPathComponent("reader-fuzz").path
        return try run(program, arguments, in: folder, limit: 60 + (Double(arguments[1]) ?? 0))
    }

    /// Runs `rnntrain` under `mpirun`.
    static func rnntrain(ranks: Int, _ arguments: [String]) throws -> ProgramRun {
        try inEmptyFolder { try ProgramRun.onRanks(ranks, "rnntrain", arguments, environment: narrow, folder: $0) }
    }

    /// A file or folder of the repository.
    static func source(_ path: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../" + path).standardized
            .path(percentEncoded: false)
    }

    /// Runs a program to its end. Kills it after `limit` seconds, and records that as an issue.
    static func run(
        _ path: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:], limit: Double = 60
    ) throws -> ProgramRun {
        try inEmptyFolder {
            try ProgramRun.run(
                URL(filePath: path), arguments, environment: narrow.merging(environment) { $1 }, folder: folder ?? $0,
                timeLimit: limit)
        }
    }

    private static let narrow = ["COLUMNS": "80"]

    private static func inEmptyFolder(_ run: (URL) throws -> ProgramRun) throws -> ProgramRun {
        let scratch = try ScratchFolder()
        let outcome = try withExtendedLifetime(scratch) { try run(scratch.folder) }
        if outcome.timedOut { Issue.record("\(outcome.command) took too long") }
        return outcome
    }
}
