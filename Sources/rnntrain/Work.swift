import Failures
import Training

// What the commands ask for, after all checks that need no MPI. Each call starts MPI, does the work on all ranks and
// ends MPI. An error thrown from here must be known to all ranks alike: rank 0 prints it, the others wait in silence.

/// Trains, or goes on with the run in `configuration.run`.
func runTraining(configuration: TrainingConfiguration, resume: Bool) throws {
    throw WorkError.notBuilt("train")
}

/// Scores a text with a checkpoint's parameters, and prints the figures.
func runEvaluation(checkpoint: String, data: String, json: Bool) throws {
    throw WorkError.notBuilt("evaluate")
}

/// Draws text from a checkpoint's model, and prints it.
func runGeneration(checkpoint: String, sampling: SamplingOptions) throws {
    throw WorkError.notBuilt("generate")
}

/// Measures steps, or the exchange alone, and prints the figures.
func runBenchmark(_ options: BenchmarkOptions) throws {
    throw WorkError.notBuilt("benchmark")
}

/// Work that this build does not do.
enum WorkError: UserFacingError {
    case notBuilt(String)

    var exitStatus: ExitStatus { .fault }

    var description: String {
        switch self {
        case .notBuilt(let command): "this build has no '\(command)'."
        }
    }
}
