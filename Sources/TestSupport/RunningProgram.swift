public import Foundation

/// A running program that a test has started. `deinit` kills it.
public final class RunningProgram {
    private let command: String
    private let process: ChildProcess
    private let output: OutputFile
    private let errors: OutputFile

    init(_ program: URL, _ arguments: [String], environment: [String: String], folder: URL?) throws {
        command = ([program.lastPathComponent] + arguments).joined(separator: " ")
        output = try OutputFile()
        errors = try OutputFile()
        process = try ChildProcess(
            program, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, folder: folder,
            output: output.handle, errors: errors.handle)
    }

    deinit { if process.isRunning { stop() } }

    /// Whether the program is still running.
    public var isRunning: Bool { process.isRunning }

    /// The process id; that of mpirun for a program under mpirun.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// Sends a signal to the program. Does nothing if it has ended.
    public func send(_ signal: Int32) { process.send(signal) }

    /// Waits for the end. Kills the program if it takes longer than `timeLimit` seconds; the limit is longer under sanitizers.
    public func end(timeLimit: TimeInterval) throws -> ProgramRun {
        let status = process.waitForEnd(seconds: timeLimit * Sanitizers.patience)
        return ProgramRun(
            command: command, status: status ?? stop(), output: try output.text(), errors: try errors.text(),
            timedOut: status == nil)
    }

    /// mpirun gets a SIGTERM first, so that it also ends its ranks.
    @discardableResult
    private func stop() -> Int32 {
        send(SIGTERM)
        if let status = process.waitForEnd(seconds: 5) { return status }
        send(SIGKILL)
        while true {
            if let status = process.waitForEnd(seconds: 60) { return status }
        }
    }
}

/// An unlinked file for output of any length. A pipe would fill up and block the program.
private final class OutputFile {
    let handle: FileHandle
    private let reader: FileHandle

    init() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }
        handle = try FileHandle(forUpdating: place)
        reader = try FileHandle(forReadingFrom: place)
    }

    func text() throws -> String {
        try reader.seek(toOffset: 0)
        return String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self)
    }
}
