public import Failures

/// The best model of a run whose training is done cannot be read, and no checkpoint has its parameters.
public struct LostBestModel: UserFacingError {
    /// The error of reading it, which names the file.
    let reason: any Error
    /// The step of its validation.
    let step: Int
    /// The path of the newest checkpoint.
    let newestCheckpoint: String

    public var exitStatus: ExitStatus { (reason as? any UserFacingError)?.exitStatus ?? .fault }

    public var description: String {
        "\(faultText(reason)). Training is done. The best parameters (step \(step)) are missing, so that nothing is tested. Restore the file "
            + "from a backup and run --resume; or train on with --resume and more --epochs (if the run has converged, also a larger --patience), "
            + "so that the next validation replaces them; or use the newest checkpoint: --checkpoint \(ShellText.quoted(newestCheckpoint))"
    }
}
