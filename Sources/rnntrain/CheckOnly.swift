import Configuration
import Foundation

/// The check that `launch/train` runs first, in one process: all checks that need no MPI.
///
/// With the environment variable `RNNTRAIN_CHECK_ONLY=1` a process ends where it would start MPI.
enum CheckOnly {
    static let variable = "RNNTRAIN_CHECK_ONLY"

    /// The exit status of a check that found no fault. It has no other meaning.
    private static let foundNothing: Int32 = 3

    static var isAsked: Bool { ProcessInfo.processInfo.environment[variable] == "1" }

    /// Names the file that `report` writes.
    private static let reportVariable = "RNNTRAIN_CHECK_REPORT"

    /// Holds the number of ranks that a script will start; empty if the script takes the reported maximum into account.
    private static let ranksVariable = "RNNTRAIN_CHECK_RANKS"

    /// Writes the maximum number of ranks for the scripts, and `unsaved` if a signal finds nothing to save in the work, if only the check is requested.
    /// Throws if the script will start more ranks than the configuration allows.
    static func report(_ configuration: TrainingConfiguration, saves: Bool) throws {
        guard isAsked else { return }
        if let ranks = ProcessInfo.processInfo.environment[ranksVariable].flatMap({ Int($0) }), ranks > 0 {
            _ = try configuration.shardLayout(rankCount: ranks)
        }
        guard let path = getenv(reportVariable), let file = fopen(path, "w") else { return }
        fputs("\(configuration.mostRanks)\(saves ? "" : " unsaved")\n", file)
        fclose(file)
    }

    /// Ends the process if only the check is requested. Call it where MPI would start. Throws `failure` if the check found one.
    static func endIfAsked(failure: (any Error)?) throws {
        guard isAsked else { return }
        if let failure { throw failure }
        exit(foundNothing)
    }
}
