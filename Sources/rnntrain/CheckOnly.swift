import Foundation

/// What `launch/train` asks first, in one process: whether anything is wrong that can be found before MPI starts.
///
/// With the environment variable `RNNTRAIN_CHECK_ONLY=1` a process does all that needs no MPI, and ends where MPI would start.
enum CheckOnly {
    static let variable = "RNNTRAIN_CHECK_ONLY"

    /// Ends the process with this status, of no other meaning, where only the check is asked for.
    private static let foundNothing: Int32 = 3

    static var isAsked: Bool { ProcessInfo.processInfo.environment[variable] == "1" }

    /// To be called where MPI would start. Throws what the process has met before, if only the check is asked for.
    static func endIfAsked(failure: (any Error)?) throws {
        guard isAsked else { return }
        if let failure { throw failure }
        exit(foundNothing)
    }
}
