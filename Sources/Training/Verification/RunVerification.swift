import Checkpoints
import Configuration
import Digests
import Failures
import Files
import Foundation
import Runs
import TextData

extension Verification {
    /// Whether a folder contains a run.
    public static func isRun(_ path: String) throws -> Bool { try RunFolder(path: path).holdsRun() }

    /// Checks all files in a run's folder, each on its own and against the newest checkpoint. Changes nothing. A job may train in
    /// the folder at the same time.
    ///
    /// Throws the errors of listing the folder.
    public init(run path: String) throws {
        let folder = RunFolder(path: path)
        let run = RunVerification(folder)
        let generations = try run.generations()
        var models = generations + run.best(isExpected: generations.first?.checkpoint?.state.convergence.bestLoss != nil)
        var (configuration, metrics) = (run.configuration(), run.metrics())
        RecordConflicts(run.records, models).mark(&models, configuration: &configuration, metrics: &metrics)
        let newest = models.dropLast(models.count - generations.count).first { $0.file.problem == nil }?.checkpoint
        for index in generations.count..<models.count {
            run.compareBest(&models[index], newest, hasOwnLog: metrics.problem == nil)
        }
        let files = (generations.isEmpty ? [run.noGenerations] : []) + models.map(\.file) + [configuration]
        let others = try run.tokens(newest) + run.temporaries() + [run.lock()]
        self.init(path: path, files: files + [run.vocabulary(newest), metrics] + others)
    }
}

/// The checks of the individual files of a run's folder.
private struct RunVerification {
    let folder: RunFolder
    let records: RunRecords

    init(_ folder: RunFolder) { (self.folder, records) = (folder, RunRecords(folder)) }

    /// All generations, newest first.
    func generations() throws -> [CheckpointVerification] {
        try folder.checkpoints.generations().compactMap { generation in
            let checked = CheckpointVerification(
                generation.path, .checkpoint, step: generation.step, windowCount: records.windowCount)
            // A training job may have removed it meanwhile.
            return checked.file.exitStatus == .inputMissing && !pathExists(generation.path) ? nil : checked
        }
    }

    /// A run that was interrupted before its first checkpoint starts from the beginning. A run that has made steps has had a
    /// checkpoint.
    var noGenerations: VerifiedFile {
        var file = VerifiedFile(.checkpoint, folder.checkpoints.path)
        file.contents = "none yet"
        if let step = records.log?.lastStep, step > 0 {
            file.contents = "none"
            file.fail(
                "\(file.path): no checkpoint is left, but \(folder.metricsPath) contains step \(step). Restore the checkpoints: without them, --resume "
                    + "starts at the first step.")
        } else {
            file.notes = ["--resume starts at the first step"]
        }
        return file
    }

    /// The best model, if it exists or must exist.
    func best(isExpected: Bool) -> [CheckpointVerification] {
        let path = folder.checkpoints.bestPath
        return pathExists(path) || isExpected ? [CheckpointVerification(path, .best, windowCount: records.windowCount)] : []
    }

    /// Compares the best model with the newest checkpoint, and with the log if the log belongs to the run.
    func compareBest(_ best: inout CheckpointVerification, _ newest: StoredCheckpoint?, hasOwnLog: Bool) {
        guard best.file.problem == nil, let found = best.checkpoint else { return }
        let path = found.path
        let (step, loss) = (found.state.step, found.state.convergence.lastLoss ?? .infinity)
        // Rolled-back steps may have given a better model. A worse model of a later step replaced one that was lost.
        if let convergence = newest?.state.convergence, let needed = convergence.bestLoss, loss > needed {
            let text = "\(path): it is from step \(step), but the best parameters were those of step \(convergence.bestStep)"
            if step < convergence.bestStep {
                best.file.fail(text + ". Restore the file, or start a new run.")
            } else {
                best.file.notes.append(text + ", which were lost")
            }
        }
        if hasOwnLog, records.log?.skips(step: step) == true {
            best.file.fail(
                "\(path): it is from step \(step), but \(folder.metricsPath) has validations before and after this step, and none of it. Restore the file."
            )
        } else if records.log?.hasValidation(ofStep: step) == false {
            best.file.notes.append("the log has no validation of step \(step), so that the loss is not compared")
        }
        best.file.check { _ in
            _ = try found.bestModel()
            if hasOwnLog { try records.requireLoggedBest(found) }
            guard let newest else { return }
            try found.requireBest(of: newest.configuration, vocabulary: newest.vocabulary, textDigests: newest.textDigests)
        }
    }

    func configuration() -> VerifiedFile {
        var file = VerifiedFile(.configuration, folder.configurationPath)
        file.check { file in
            let values = try ConfigurationFile(path: file.path)
            try values.requireAllKeys()
            var configuration = TrainingConfiguration()
            values.apply(to: &configuration)
            try configuration.validate()
            file.contents = counted(values.values.count, "key")
        }
        return file
    }

    func vocabulary(_ newest: StoredCheckpoint?) -> VerifiedFile {
        var file = VerifiedFile(.vocabulary, folder.vocabularyPath)
        file.check { file in
            let vocabulary = try Vocabulary(path: file.path)
            file.contents = "\(NumberText.counted(vocabulary.size, "symbol")), \(vocabulary.digest.hexadecimal)"
            guard let stored = newest?.vocabulary, stored.digest != vocabulary.digest else { return }
            file.fail(
                "\(file.path): its digest is \(vocabulary.digest.hexadecimal), but that of the newest checkpoint is \(stored.digest.hexadecimal)."
            )
        }
        return file
    }

    func metrics() -> VerifiedFile {
        var file = VerifiedFile(.metrics, folder.metricsPath)
        guard pathExists(file.path) else {
            file.contents = "none yet"
            return file
        }
        file.check { file in
            let log = try MetricsReader(path: file.path)
            file.contents = NumberText.counted(log.lineCount, "line")
            if log.hasCutLine { file.notes.append("its last line is incomplete; the next start removes it") }
        }
        return file
    }

    /// The existing token files. Missing or damaged ones are written again from their texts.
    func tokens(_ newest: StoredCheckpoint?) throws -> [VerifiedFile] {
        let paths = TextRole.allCases.map { (role: $0, path: joinPath(folder.dataPath, "\($0.rawValue).tokens")) }
        return paths.filter { pathExists($0.path) }.map { role, path in
            var file = VerifiedFile(.tokens, path)
            file.check { file in
                let tokens = try TokenFile(path: path)
                try tokens.verify()
                file.contents = "\(NumberText.counted(tokens.count, "token")), text \(tokens.textDigest.hexadecimal)"
                guard let newest else { return }
                if tokens.vocabularyDigest != newest.vocabulary.digest || stale(tokens.textDigest, role, newest) {
                    file.notes.append("its text or vocabulary differs from the newest checkpoint; the next start writes it again")
                }
            }
            return file
        }
    }

    private func stale(_ digest: UInt64, _ role: TextRole, _ checkpoint: StoredCheckpoint) -> Bool {
        checkpoint.textDigests[role.rawValue].map { $0 != digest.hexadecimal } ?? false
    }

    /// Files of interrupted writes, or of writes in progress.
    func temporaries() throws -> [VerifiedFile] {
        let paths = try [folder.path, folder.dataPath, folder.checkpoints.path].flatMap(DurableFile.temporaries)
        return paths.map { path in
            var file = VerifiedFile(.temporary, path)
            file.contents = "an unfinished write; the next start removes it"
            return file
        }
    }

    func lock() -> VerifiedFile {
        var file = VerifiedFile(.lock, folder.lockPath)
        file.check { file in
            switch try RunLock.state(path: file.path) {
            case .free: file.contents = "not held"
            case .held(let holder):
                file.holder = holder?.description
                file.contents = "held by \(holder?.description ?? "an unknown job")"
            case .left(let holder):
                file.holder = holder.description
                file.contents = "left by \(holder.description)"
            }
        }
        return file
    }
}
