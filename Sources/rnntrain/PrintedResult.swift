import Communication
import Files
import Glibc

/// Writes a command's result, and then does `work`, such as the writing of a page, also if the result cannot be written: neither is lost with the other.
///
/// Throws the error of either; if both fail, that of the output is a warning. A closed pipe ends the process silently after the work.
func printResult(_ text: String, then work: () throws -> Void) throws {
    signal(SIGPIPE, SIG_IGN)  // a closed pipe is an error of the write
    var failure: StandardOutputError?
    do throws(StandardOutputError) {
        try StandardOutput.write(text.utf8.last == 0x0A ? text : text + "\n")
    } catch {
        failure = error
    }
    do {
        try work()
    } catch {
        if let failure, !failure.isClosedPipe { StandardError.warn("\(failure)") }
        throw error
    }
    if let failure { try StandardOutput.endingQuietly { () throws(StandardOutputError) in throw failure } }
}
