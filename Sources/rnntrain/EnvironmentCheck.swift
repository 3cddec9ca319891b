import Failures
import Foundation
import Tensors

/// What the program reads of its environment, besides what MPI and its launchers say: a value that means nothing is an error, not ignored.
enum EnvironmentCheck {
    /// Throws for the first variable whose value means nothing. One that is empty counts as not set.
    static func run(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(EnvironmentError) {
        let levels = Processor.availableLevels
        try require(
            environment, "RNNTRAIN_CPU_LEVEL", levels.contains,
            "one of the instruction sets that this processor has: \(levels.joined(separator: ", "))")
        try require(environment, CheckOnly.variable, ["0", "1"].contains, "1 to end where MPI would start, or 0")
        try require(
            environment, "SLURM_JOB_END_TIME", { Double($0).map { (0...1e12).contains($0) } ?? false },
            "the time at which SLURM ends the job, in seconds since 1970")
    }

    private static func require(
        _ environment: [String: String], _ name: String, _ isValid: (String) -> Bool, _ expected: String
    ) throws(EnvironmentError) {
        guard let value = environment[name], !value.isEmpty, !isValid(value) else { return }
        throw EnvironmentError(name: name, value: value, expected: expected)
    }
}

/// An environment variable whose value means nothing.
struct EnvironmentError: UserFacingError {
    let name: String
    let value: String
    /// Completes "it must be".
    let expected: String

    var exitStatus: ExitStatus { .usage }

    var description: String { "the environment variable \(name) is \(value: value); it must be \(expected). Or unset it." }
}
