internal import CMPI
public import Failures

/// What can go wrong between the ranks.
public enum CommunicationError: UserFacingError {
    /// An MPI function gave an error code; `message` is `MPI_Error_string` of it.
    case callFailed(call: String, message: String)
    /// The environment names `launched` tasks, and `MPI_Comm_size` is 1: another MPI's launcher, or none, started the program. `library` is the
    /// MPI that the program is linked with.
    case launcherMismatch(launched: Int, library: String)
    /// The system gives no thread, or no memory, to watch over the rank; `reason` is in the system's words.
    case noWatch(reason: String)
    /// The system gives fewer threads than MPI and the watch need.
    case noThreads(reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .callFailed, .noWatch, .noThreads: .fault
        case .launcherMismatch: .usage
        }
    }

    public var description: String {
        switch self {
        case .callFailed(let call, let message):
            "\(call) failed: \(message)."
        case .launcherMismatch(let launched, let library):
            """
            The environment names \(launched) tasks, and this process is alone: the launcher started processes that do not know of each other, or \
            none. Start them with the mpirun of \(library), or under SLURM with srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH); for one \
            process in a job of several tasks use mpirun -n 1.
            """
        case .noThreads(let reason):
            """
            the system gives fewer threads than MPI and the watch over the ranks need: \(reason). Raise the limits on processes, \
            memory and open files (ulimit -u, -v, -n).
            """
        case .noWatch(let reason):
            """
            no thread can be started that watches over this rank: \(reason). Raise the limits on processes, memory and \
            open files (ulimit -u, -v, -n), or train without this watch: --stall-limit 0.
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
