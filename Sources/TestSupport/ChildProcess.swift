internal import CChildProcess
package import Foundation

/// A process that was started and is waited for here.
///
/// Foundation's `Process` is not used: it learns of an end by a socket that the child's own children inherit, and so does what is started
/// elsewhere at that moment; then it waits for all of these (swift-corelibs-foundation issue 4795). This child inherits no file but
/// the three standard ones.
package final class ChildProcess {
    package let processIdentifier: Int32
    private var status: Int32?

    /// Starts `program` with no signal blocked, in `folder` or in that of this process. The threads that tests run on block most signals.
    /// A standard file that is nil is /dev/null. With the path of a terminal, it is what the process has for all three, and what controls it.
    ///
    /// Throws a `POSIXError` where it cannot be started.
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

    /// Waits for the end, for so many seconds at most: the exit status, or the number of the signal that ended it; nil where it did not end.
    package func waitForEnd(seconds: TimeInterval) -> Int32? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while isRunning, Date() < deadline { usleep(2000) }
        return endStatus
    }

    /// Sends a signal; nothing where it has ended.
    package func send(_ signal: Int32) {
        if isRunning { kill(processIdentifier, signal) }
    }
}

/// Texts as a C function takes them: an array of pointers that ends with a null.
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
