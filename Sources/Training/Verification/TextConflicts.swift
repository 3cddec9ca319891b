import Checkpoints
import Digests
import Files
import Runs
import TextData

/// Decides which checkpoints belong to other texts, if the text digests of a run's checkpoints differ.
///
/// The token file of a text decides. If it is missing, or if no checkpoint agrees with it, the newest checkpoint decides.
struct TextConflicts {
    private let folder: RunFolder

    init(_ folder: RunFolder) { self.folder = folder }

    /// Marks the checkpoints of other texts, with the role and both digests.
    ///
    /// - Parameter models: the checkpoints, newest first, and the best one.
    func mark(_ models: inout [CheckpointVerification]) {
        for role in TextRole.allCases {
            let digests = models.map { $0.file.problem == nil ? $0.checkpoint?.textDigests[role.rawValue] : nil }
            let known = digests.compactMap { $0 }
            guard Set(known).count > 1, let newest = known.first else { continue }
            let token = tokenDigest(role)
            let expected = token.flatMap { known.contains($0) ? $0 : nil } ?? newest
            for (index, digest) in digests.enumerated() {
                guard let digest, digest != expected else { continue }
                let error = StoredRunError.inconsistentCheckpoint(
                    path: models[index].file.path,
                    reason: "the digest of its text of \(role.option) is \(digest), but the run has \(expected)")
                models[index].file.fail("\(error)")
            }
        }
    }

    /// Nil for a missing or damaged file, which its own check reports.
    private func tokenDigest(_ role: TextRole) -> String? {
        do { return try TokenFile(path: folder.tokensPath(role)).textDigest.hexadecimal } catch { return nil }
    }
}
