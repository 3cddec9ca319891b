import Failures
import Foundation
import Tensors

/// Checks of the environment variables that the program reads. An invalid value is an error; it is not ignored.
enum EnvironmentCheck {
    /// Throws for the first variable with an invalid value. An empty variable counts as not set.
    static func run(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(EnvironmentError) {
        let levels = Processor.availableLevels
        try require(
            environment, "RNNTRAIN_CPU_LEVEL", levels.contains,
            "an instruction set of this processor: \(levels.joined(separator: ", "))")
        try require(environment, CheckOnly.variable, ["0", "1"].contains, "1 to end before MPI starts, or 0")
        try require(
            environment, "SLURM_JOB_END_TIME", { Double($0).map { (0...1e12).contains($0) } ?? false },
            "the end of the SLURM job, in seconds since 1970")
    }

    private static func require(
        _ environment: [String: String], _ name: String, _ isValid: (String) -> Bool, _ expected: String
    ) throws(EnvironmentError) {
        guard let value = environment[name], !value.isEmpty, !isValid(value) else { return }
        throw EnvironmentError(name: name, value: value, expected: expected)
    }
}

/// An environment variable with an invalid value.
struct EnvironmentError: UserFacingError {
    let name: String
    let value: String
    /// Completes "it must be".
    let expected: String

    var exitStatus: ExitStatus { .usage }

    var description: String {
        "the environment variable \(name) is \(value: value); it must be \(expected). Correct it or unset it."
    }
}
