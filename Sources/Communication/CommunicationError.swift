internal import CMPI
public import Failures

/// Errors of MPI and of the watch over the ranks.
public enum CommunicationError: UserFacingError {
    /// An MPI function returned an error code. `message` is the text of `MPI_Error_string`; `advice` says what to do, if that is known.
    case callFailed(call: String, message: String, advice: String? = nil)
    /// The environment names `launched` tasks, but `MPI_Comm_size` is 1: the launcher belongs to another MPI, or there is none. `library` is
    /// the MPI library that the program is linked with.
    case launcherMismatch(launched: Int, library: String)
    /// The system refused the thread or the memory of the watch. `reason` is the text of the system's error.
    case noWatch(reason: String)
    /// The system allows fewer threads than MPI and the watch need.
    case noThreads(reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .callFailed, .noWatch, .noThreads: .fault
        case .launcherMismatch: .usage
        }
    }

    public var description: String {
        switch self {
        case .callFailed(let call, let message, let advice):
            "\(call) failed: \(message)." + (advice.map { " " + $0 } ?? "")
        case .launcherMismatch(let launched, let library):
            """
            this is one of \(launched) separate processes, or the only process of a job with \(launched) tasks: the launcher belongs to another \
            MPI, or there is none. Start the ranks with the mpirun of \(library), or under SLURM with srun --mpi=pmix (Open MPI) or --mpi=pmi2 \
            (MPICH); for one process in a job of several tasks, use mpirun -n 1.
            """
        case .noThreads(let reason):
            """
            the system gives fewer threads than MPI and the watch over the ranks need: \(reason). Raise the limits on processes, \
            memory and open files (ulimit -u, -v, -d, -n).
            """
        case .noWatch(let reason):
            """
            no thread can be started that watches over this rank: \(reason). Raise the limits on processes, memory and \
            open files (ulimit -u, -v, -d, -n), or train without this watch: --stall-limit 0.
            """
        }
    }
}

/// Throws `callFailed` with the text of `MPI_Error_string` unless `code` is `MPI_SUCCESS`. All error codes of MPI pass through here.
func check(_ code: Int32, _ call: StaticString, advice: String? = nil) throws(CommunicationError) {
    guard code != CMPI_SUCCESS else { return }
    throw .callFailed(call: "\(call)", message: textFromC(capacity: 512) { cmpi_error_text(code, $0, $1) }, advice: advice)
}

/// The zero-terminated text that a C function writes into a buffer of `capacity` bytes.
func textFromC(capacity: Int, _ write: (UnsafeMutablePointer<CChar>, Int64) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        buffer.initialize(repeating: 0)
        write(buffer.baseAddress!, Int64(capacity))
        return String(cString: buffer.baseAddress!)
    }
}
