public import Failures

/// The best model was written, but cannot be read for the test at the end of the run.
public struct LostBestModel: UserFacingError {
    /// The error of reading it, which names the file.
    let reason: any Error
    /// The step of its validation.
    let step: Int
    let runFolder: String

    public var exitStatus: ExitStatus { (reason as? any UserFacingError)?.exitStatus ?? .fault }

    public var description: String {
        "\(reason) Training is done, and its last checkpoint is in \(runFolder)/checkpoints. The best parameters (step \(step)) are missing, "
            + "so that the test was not made. Restore best.safetensors and run --resume, which only tests; without it, --resume tests the last "
            + "parameters."
    }
}
