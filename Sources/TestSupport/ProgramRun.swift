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
        let mpirun = try found("mpirun", in: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin")
        let launch = ["--oversubscribe", "--bind-to", "none", "-n", "\(rankCount)", try built(program).path]
        return try run(
            mpirun, launch + arguments, environment: rootMayLaunch.merging(environment) { $1 }, folder: folder,
            timeLimit: timeLimit)
    }

    /// Runs a program of this package by itself.
    public static func alone(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: URL? = nil,
        timeLimit: TimeInterval = 60
    ) throws -> ProgramRun {
        try run(try built(program), arguments, environment: environment, folder: folder, timeLimit: timeLimit)
    }

    /// Starts a program and waits for its end; ends it when it takes too long. mpirun gets a SIGTERM first, which takes its ranks along.
    public static func run(
        _ program: URL, _ arguments: [String], environment: [String: String], folder: URL?, timeLimit: TimeInterval
    ) throws -> ProgramRun {
        let output = try OutputFile()
        let errors = try OutputFile()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.handle
        process.standardError = errors.handle
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        let timedOut = ended.wait(timeout: .now() + timeLimit) == .timedOut
        if timedOut { end(process, ended) }
        return ProgramRun(
            command: ([program.lastPathComponent] + arguments).joined(separator: " "), status: process.terminationStatus,
            output: try output.text(), errors: try errors.text(), timedOut: timedOut)
    }

    private static func end(_ process: Process, _ ended: DispatchSemaphore) {
        process.terminate()
        if ended.wait(timeout: .now() + 5) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
    }

    /// Open MPI refuses to start as root otherwise, as tests in a container do.
    private static let rootMayLaunch = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]

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

/// A file that takes output of any length, where a pipe would fill up and stop the program; removed at its end.
private final class OutputFile {
    let handle: FileHandle
    private let place: URL

    init() throws {
        place = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: place)
        handle = try FileHandle(forUpdating: place)
    }

    deinit { try? FileManager.default.removeItem(at: place) }

    func text() throws -> String {
        String(decoding: try Data(contentsOf: place), as: UTF8.self)
    }
}
