public import Failures

/// Memory for parameters and gradients that the system does not give.
public enum ExchangeError: UserFacingError {
    /// The folder that backs shared windows has too little room for this host's.
    case backingStoreTooSmall(folder: String, needed: Int, available: Int)
    /// The folder that backs shared windows is missing, or this process may not create files in it.
    case backingStoreNotWritable(folder: String)
    /// The system refused memory when it was first touched.
    case memoryRefused(byteCount: Int)

    public var exitStatus: ExitStatus { .fault }

    public var description: String {
        switch self {
        case .backingStoreTooSmall(let folder, let needed, let available):
            """
            the ranks need \(megabytes(needed)) of shared memory in \(folder), which has \(available / 1_000_000) MB free \
            (in a container give --shm-size; OMPI_MCA_osc_sm_backing_directory names another folder)
            """
        case .backingStoreNotWritable(let folder):
            """
            shared memory needs a folder for its files, and \(folder) is missing or not writable \
            (OMPI_MCA_osc_sm_backing_directory names another folder)
            """
        case .memoryRefused(let byteCount):
            "the system refused \(megabytes(byteCount)) of memory for parameters and gradients"
        }
    }
}

/// Bytes as text, in units of 10^6 bytes, rounded up.
private func megabytes(_ byteCount: Int) -> String { "\((byteCount + 999_999) / 1_000_000) MB" }
