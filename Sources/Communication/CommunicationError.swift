internal import CMPI
public import Failures

/// What can go wrong between the ranks.
public enum CommunicationError: UserFacingError {
    /// An MPI function gave an error code; `message` is `MPI_Error_string` of it.
    case callFailed(call: String, message: String)
    /// The launcher speaks of `launched` ranks and MPI of one: the program was started by another MPI's launcher.
    case launcherMismatch(launched: Int)

    public var exitStatus: ExitStatus {
        switch self {
        case .callFailed: .fault
        case .launcherMismatch: .usage
        }
    }

    public var description: String {
        switch self {
        case .callFailed(let call, let message):
            "\(call) failed: \(message)."
        case .launcherMismatch(let launched):
            """
            The launcher started \(launched) processes that do not know of each other. Start them with Open MPI's mpirun, or with \
            srun --mpi=pmix.
            """
        }
    }
}

/// Throws `callFailed` with MPI's words for a code that is not success: the one funnel for MPI's errors.
func check(_ code: Int32, _ call: StaticString) throws(CommunicationError) {
    guard code != CMPI_SUCCESS else { return }
    throw .callFailed(call: "\(call)", message: textFromC(capacity: 512) { cmpi_error_text(code, $0, $1) })
}

/// The text that a C function writes, ended by zero, into a buffer of `capacity` bytes.
func textFromC(capacity: Int, _ write: (UnsafeMutablePointer<CChar>, Int64) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        buffer.initialize(repeating: 0)
        write(buffer.baseAddress!, Int64(capacity))
        return String(cString: buffer.baseAddress!)
    }
}
