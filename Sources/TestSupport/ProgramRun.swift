public import Foundation

/// A completed run of a program of this package, with or without mpirun.
public struct ProgramRun: Sendable, CustomStringConvertible {
    /// The command, for messages.
    public let command: String
    /// The exit status, or the number of the signal that ended it.
    public let status: Int32
    /// The standard output.
    public let output: String
    /// The standard error output.
    public let errors: String
    /// Whether it was killed because it exceeded its time limit.
    public let timedOut: Bool

    public var description: String {
        "\(command): status \(status)\(timedOut ? ", ended after its time limit" : "")\n\(output)\(errors)"
    }

    /// The lines of the standard output.
    public var lines: [Substring] { output.split(separator: "\n") }

    /// The build folder of the programs of this package: the folder of the running test program.
    public static var buildFolder: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    /// Runs a program of this package under mpirun. More ranks than cores are allowed.
    ///
    /// Throws `MissingProgram` if mpirun or the program does not exist.
    public static func onRanks(
        _ rankCount: Int, _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        folder: URL? = nil, timeLimit: TimeInterval = 60
    ) throws -> ProgramRun {
        try startOnRanks(rankCount, program, arguments, environment: environment, folder: folder).end(timeLimit: timeLimit)
    }

    /// Starts a program of this package under mpirun. With `prelude`, each rank runs these shell commands first, such as `ulimit -f 1000`.
    ///
    /// Throws the errors of `onRanks`.
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

    /// Starts a program of this package without mpirun.
    public static func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: URL? = nil
    ) throws -> RunningProgram {
        try RunningProgram(try built(program), arguments, environment: environment, folder: folder)
    }

    /// Runs a program of this package without mpirun.
    public static func alone(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: URL? = nil,
        timeLimit: TimeInterval = 60
    ) throws -> ProgramRun {
        try run(try built(program), arguments, environment: environment, folder: folder, timeLimit: timeLimit)
    }

    /// Starts a program and waits for its end. Kills it if it exceeds its time limit.
    public static func run(
        _ program: URL, _ arguments: [String], environment: [String: String], folder: URL?, timeLimit: TimeInterval
    ) throws -> ProgramRun {
        try RunningProgram(program, arguments, environment: environment, folder: folder).end(timeLimit: timeLimit)
    }

    /// Allows Open MPI to run as root, as tests in a container do.
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

/// A program that a test needs does not exist. The test fails; it is not skipped.
public struct MissingProgram: Error, CustomStringConvertible {
    let name: String
    let path: String
    public var description: String { "\(name) is not in \(path)" }
}
