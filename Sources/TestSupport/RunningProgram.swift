public import Foundation

/// A program that a test has started and not yet waited for. It is ended with its owner.
public final class RunningProgram {
    private let command: String
    private let process = Process()
    private let output: OutputFile
    private let errors: OutputFile
    private let ended = DispatchSemaphore(value: 0)
    private var isOver = false

    init(_ program: URL, _ arguments: [String], environment: [String: String], folder: URL?) throws {
        command = ([program.lastPathComponent] + arguments).joined(separator: " ")
        output = try OutputFile()
        errors = try OutputFile()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.handle
        process.standardError = errors.handle
        process.terminationHandler = { [ended] _ in ended.signal() }
        try Self.withSignalsUnblocked { try process.run() }
    }

    /// A program inherits the mask of the thread that starts it, and the threads that tests run on block most signals.
    private static func withSignalsUnblocked(_ start: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try start()
    }

    deinit { if !isOver { stop() } }

    /// Whether the program has not ended.
    public var isRunning: Bool { process.isRunning }

    /// The process, which under mpirun is mpirun's.
    public var processIdentifier: Int32 { process.processIdentifier }

    /// Sends the program a signal; nothing where it has ended.
    public func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Waits for the end; ends the program when it takes longer than `timeLimit` seconds from now, under sanitizers longer.
    public func end(timeLimit: TimeInterval) throws -> ProgramRun {
        let timedOut = !isOver && ended.wait(timeout: .now() + timeLimit * Sanitizers.patience) == .timedOut
        if timedOut { stop() }
        isOver = true
        return ProgramRun(
            command: command, status: process.terminationStatus, output: try output.text(), errors: try errors.text(),
            timedOut: timedOut)
    }

    /// mpirun gets a SIGTERM first, which takes its ranks along.
    private func stop() {
        process.terminate()
        if ended.wait(timeout: .now() + 5) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        isOver = true
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

    /// Not left to the handles' own ends: a process that is started holds on to them.
    deinit {
        try? handle.close()
        try? reader.close()
    }

    func text() throws -> String {
        try reader.seek(toOffset: 0)
        return String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self)
    }
}
