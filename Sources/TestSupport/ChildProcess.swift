internal import CChildProcess
package import Foundation

/// A child process that its owner waits for.
///
/// It replaces Foundation's `Process`, which detects the end of a child by a socket. Children of the child, and other processes started at
/// the same moment, inherit that socket, and `Process` then waits for all of them (swift-corelibs-foundation issue 4795). This child
/// inherits only the three standard files.
package final class ChildProcess {
    package let processIdentifier: Int32
    private var status: Int32?

    /// Starts `program` in `folder`, or in the current folder, with no signal blocked; the threads that tests run on block most signals.
    ///
    /// A standard file that is nil is /dev/null. With the path of a terminal, the process uses it for all three standard files and as its
    /// controlling terminal. Throws a `POSIXError` if the start fails.
    package init(
        _ program: URL, _ arguments: [String], environment: [String: String], folder: URL? = nil, input: FileHandle? = nil,
        output: FileHandle? = nil, errors: FileHandle? = nil, terminal: String? = nil
    ) throws {
        let standard = [input, output, errors].map { $0?.fileDescriptor ?? -1 }
        let words = TextArray([program.path] + arguments)
        let variables = TextArray(environment.map { "\($0)=\($1)" })
        var process: Int32 = 0
        let code = withExtendedLifetime((input, output, errors)) {
            cchild_start(words.pointers, variables.pointers, folder?.path, terminal, standard, &process)
        }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        processIdentifier = process
    }

    package var isRunning: Bool { endStatus == nil }

    /// The exit status, or the number of the signal that ended it; nil while it runs.
    private var endStatus: Int32? {
        if status == nil {
            var word: Int32 = 0
            guard waitpid(processIdentifier, &word, WNOHANG) == processIdentifier else { return nil }
            let signal = word & 0x7f
            status = signal == 0 ? (word >> 8) & 0xff : signal
        }
        return status
    }

    /// Waits at most the given number of seconds for the end: the exit status, or the number of the signal that ended it; nil if it still
    /// runs.
    package func waitForEnd(seconds: TimeInterval) -> Int32? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while isRunning, Date() < deadline { usleep(2000) }
        return endStatus
    }

    /// Sends a signal. Does nothing if the process has ended.
    package func send(_ signal: Int32) {
        if isRunning { kill(processIdentifier, signal) }
    }
}

/// Passes texts to a C function as a null-terminated array of pointers.
private final class TextArray {
    private let copies: [UnsafeMutablePointer<CChar>]
    let pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>

    init(_ texts: [String]) {
        copies = texts.map { strdup($0) }
        pointers = .allocate(capacity: copies.count + 1)
        for (index, copy) in copies.enumerated() { pointers[index] = UnsafePointer(copy) }
        pointers[copies.count] = nil
    }

    deinit {
        for copy in copies { free(copy) }
        pointers.deallocate()
    }
}
