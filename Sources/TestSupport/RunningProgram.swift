public import Foundation

/// A program that a test has started and not yet waited for. It is ended with its owner.
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

    /// Whether the program has not ended.
    public var isRunning: Bool { process.isRunning }

    /// The process, which under mpirun is mpirun's.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// Sends the program a signal; nothing where it has ended.
    public func send(_ signal: Int32) { process.send(signal) }

    /// Waits for the end; ends the program when it takes longer than `timeLimit` seconds from now, under sanitizers longer.
    public func end(timeLimit: TimeInterval) throws -> ProgramRun {
        let status = process.waitForEnd(seconds: timeLimit * Sanitizers.patience)
        return ProgramRun(
            command: command, status: status ?? stop(), output: try output.text(), errors: try errors.text(),
            timedOut: status == nil)
    }

    /// mpirun gets a SIGTERM first, which takes its ranks along.
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

/// A file that takes output of any length, where a pipe would fill up and stop the program. It has no name once it is open.
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
