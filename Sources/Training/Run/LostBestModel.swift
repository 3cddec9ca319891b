public import Failures

/// The best model on validation was written, and cannot be read at the end of the run.
public struct LostBestModel: UserFacingError {
    /// What reading it met with; names the file.
    let reason: any Error
    /// The step after which it was measured.
    let step: Int
    let runFolder: String

    public var exitStatus: ExitStatus { (reason as? any UserFacingError)?.exitStatus ?? .fault }

    public var description: String {
        "\(reason) Training is done and its last checkpoint is in \(runFolder)/checkpoints, but the best parameters, of step \(step), are not to be "
            + "had, so that nothing was tested. Put best.safetensors back and run --resume, which only tests; without it --resume tests the last "
            + "parameters."
    }
}
