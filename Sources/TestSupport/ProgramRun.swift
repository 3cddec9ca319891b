public import Foundation

/// A program of this package, run to its end by a test, alone or under mpirun.
public struct ProgramRun: Sendable, CustomStringConvertible {
    /// The command, for messages.
    public let command: String
    /// The exit status; that of the signal, where one ended it.
    public let status: Int32
    /// What it wrote to the standard output.
    public let output: String
    /// What it wrote to the standard error output.
    public let errors: String
    /// Whether it was ended since it took longer than it may.
    public let timedOut: Bool

    public var description: String {
        "\(command): status \(status)\(timedOut ? ", ended after its time limit" : "")\n\(output)\(errors)"
    }

    /// The lines of the standard output.
    public var lines: [Substring] { output.split(separator: "\n") }

    /// Where the programs of this package were built: the folder of the running test program.
    public static var buildFolder: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    /// Runs a program of this package under mpirun, more ranks than cores allowed.
    ///
    /// Throws `MissingProgram` where there is no mpirun or the program is not built.
    public static func onRanks(
        _ rankCount: Int, _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        folder: URL? = nil, timeLimit: TimeInterval = 60
    ) throws -> ProgramRun {
        try startOnRanks(rankCount, program, arguments, environment: environment, folder: folder).end(timeLimit: timeLimit)
    }

    /// Starts a program of this package under mpirun. With `prelude` a shell does that first in each rank, such as `ulimit -f 1000`.
    ///
    /// Throws as `onRanks`.
    public static func startOnRanks(
        _ rankCount: Int, _ program: String, _ arguments: [String] = [], prelude: String? = nil,
        environment: [String: String] = [:], folder: URL? = nil
    ) throws -> RunningProgram {
        let mpirun = try found("mpirun", in: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin")
        let shell = prelude.map { ["/bin/sh", "-c", $0 + "; exec \"$0\" \"$@\""] } ?? []
        let launch = ["--oversubscribe", "--bind-to", "none", "-n", "\(rankCount)"] + shell + [try built(program).path]
        return try RunningProgram(
            mpirun, launch + arguments, environment: rootMayLaunch.merging(environment) { $1 }, folder: folder)
    }

    /// Runs a program of this package by itself.
    public static func alone(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: URL? = nil,
        timeLimit: TimeInterval = 60
    ) throws -> ProgramRun {
        try run(try built(program), arguments, environment: environment, folder: folder, timeLimit: timeLimit)
    }

    /// Starts a program and waits for its end; ends it when it takes too long.
    public static func run(
        _ program: URL, _ arguments: [String], environment: [String: String], folder: URL?, timeLimit: TimeInterval
    ) throws -> ProgramRun {
        try RunningProgram(program, arguments, environment: environment, folder: folder).end(timeLimit: timeLimit)
    }

    /// Open MPI refuses to start as root otherwise, as tests in a container do.
    static let rootMayLaunch = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]

    private static func built(_ program: String) throws -> URL {
        try found(program, in: buildFolder.path)
    }

    private static func found(_ program: String, in path: String) throws -> URL {
        let places = path.split(separator: ":").map { URL(fileURLWithPath: "\($0)/\(program)") }
        guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw MissingProgram(name: program, path: path)
        }
        return place
    }
}

/// A program that a test needs is not there: the test fails, it is not skipped.
public struct MissingProgram: Error, CustomStringConvertible {
    let name: String
    let path: String
    public var description: String { "\(name) is not in \(path)" }
}
