import Checkpoints
import Files
import Runs

extension RunVerification {
    /// A run that was interrupted before its first checkpoint starts from the beginning. A run that has made steps, as its log or its best
    /// model shows, has had a checkpoint.
    func noGenerations(_ best: [CheckpointVerification]) -> VerifiedFile {
        var file = VerifiedFile(.checkpoint, folder.checkpoints.path)
        let hasConfiguration = pathExists(folder.configurationPath)
        let consequence = hasConfiguration ? "--resume starts at the first step" : "the run cannot be resumed"
        file.contents = "none yet"
        let made = [
            records.log.map { ($0.lastStep, folder.metricsPath) },
            best.first?.checkpoint.map { ($0.state.step, folder.checkpoints.bestPath) },
        ]
        if let (step, path) = made.compactMap({ $0 }).first(where: { $0.0 > 0 }) {
            file.contents = "none"
            file.fail(
                "\(file.path): no checkpoint is left, but \(path) contains step \(step). Restore the checkpoints: without them, \(consequence)."
            )
        } else if hasConfiguration, !pathExists(folder.lockPath) {
            file.fail("\(RunFolderError.onlyConfiguration(path: folder.path, file: folder.configurationPath))")
        } else {
            file.notes = [consequence]
        }
        return file
    }
}
