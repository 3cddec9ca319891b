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
    /// the folder at the same time: while it writes, files with faults are checked again.
    ///
    /// Throws the errors of listing the folder.
    public init(run path: String) throws {
        let folder = RunFolder(path: path)
        self = try folder.reading(attempts: 20) {
            Verification(path: path, files: try RunVerification(folder).files())
        } isSound: {
            $0.isSound
        }
    }
}

/// The checks of the individual files of a run's folder.
struct RunVerification {
    let folder: RunFolder
    let records: RunRecords

    init(_ folder: RunFolder) { (self.folder, records) = (folder, RunRecords(folder)) }

    /// All files, the newest checkpoint first.
    func files() throws -> [VerifiedFile] {
        let generations = try generations()
        let best = best(beside: generations)
        var models = generations + best
        var (configuration, metrics) = (configuration(), metrics())
        RecordConflicts(records, models).mark(&models, configuration: &configuration, metrics: &metrics)
        TextConflicts(folder).mark(&models)
        let newestIndex = models.indices.prefix(generations.count).first { models[$0].file.problem == nil }
        let newest = newestIndex.flatMap { models[$0].checkpoint }
        if let newestIndex { models[newestIndex].file.notes += doubt(newest) }
        if let newest { for index in generations.indices { requireSameRun(&models[index], as: newest) } }
        for index in generations.count..<models.count {
            compareBest(&models[index], newest, &metrics, isOwnConfiguration: !configuration.isForeign)
        }
        // The last check of the log: a contradiction tells more about a changed line than its checksum.
        if let change = records.change { metrics.fail("\(change)") }
        if let newest { configuration.notes += records.changedKeys(since: newest).map { "\($0)" } }
        let files = (generations.isEmpty ? [noGenerations(best)] : []) + models.map(\.file) + [configuration]
        let all = try files + [vocabulary(newest)] + tokenizer(newest) + [metrics] + events + tokens(newest) + temporaries()
        return (all + [lock()]).map(checkingKind) + misplaced
    }

    /// Reports a file whose name refers to a link, a folder, a pipe or a device. No job accepts these.
    private func checkingKind(_ file: VerifiedFile) -> VerifiedFile {
        var file = file
        if file.kind != .temporary, file.path != folder.checkpoints.path { file.require(.file) }
        if [folder.metricsPath, folder.lockPath].contains(file.path) { file.requireOneName() }
        return file
    }

    /// Stamps of the texts that are not valid, and names of folders that refer to something else. The contents of the folders are checked
    /// elsewhere.
    private var misplaced: [VerifiedFile] {
        let folders: [(VerifiedFile.Kind, String)] = [(.tokens, folder.dataPath), (.checkpoint, folder.checkpoints.path)]
        let checked = folders.map { kind, path in
            var file = VerifiedFile(kind, path)
            file.require(.folder)
            return file
        }
        let stamps = VerifiedFile(stampsAt: RunPreparation.stampsPath(folder))
        return ([stamps] + checked).filter { $0.problem != nil || !$0.notes.isEmpty }
    }

    /// The event file for TensorBoard, if the run has one.
    private var events: [VerifiedFile] { isNamed(folder.eventsPath) ? [VerifiedFile(eventsAt: folder.eventsPath)] : [] }

    /// Whether there is an entry of this name, also a link to nothing.
    private func isNamed(_ path: String) -> Bool {
        do throws(FileError) {
            let place = try FilePlace(path: path)
            return try place.folder.status(of: place.name) != nil
        } catch {
            return pathExists(path)
        }
    }

    /// All generations, newest first.
    func generations() throws -> [CheckpointVerification] {
        try folder.checkpoints.generations().compactMap { generation in
            let checked = CheckpointVerification(
                generation.path, .checkpoint, step: generation.step, windowCount: records.windowCount)
            // A training job may have removed it meanwhile.
            return checked.file.exitStatus == .inputMissing && !isNamed(generation.path) ? nil : checked
        }
    }

    private func requireSameRun(_ older: inout CheckpointVerification, as newest: StoredCheckpoint) {
        guard older.file.problem == nil, let checkpoint = older.checkpoint else { return }
        older.file.check { _ in try checkpoint.facts.requireSameRun(as: newest.facts) }
    }

    /// The notes about a newest checkpoint that is later or earlier than that of the log. A job may have written it after the log was read.
    private func doubt(_ newest: StoredCheckpoint?) -> [String] {
        guard let step = newest?.state.step, let log = records.log, !folder.isInUse else { return [] }
        let checkpoints = folder.checkpoints
        return [
            newest.flatMap { log.doubt(about: $0.facts) },
            log.lostCheckpoint(after: step) { pathExists(checkpoints.path(forStep: $0)) },
        ].compactMap { $0 }
    }

    /// The best model, if it exists or must exist.
    func best(beside generations: [CheckpointVerification]) -> [CheckpointVerification] {
        let path = folder.checkpoints.bestPath
        let newest = generations.first?.checkpoint
        let isExpected = newest?.state.convergence.bestLoss != nil
        guard isNamed(path) || isExpected else { return [] }
        var best = CheckpointVerification(path, .best, windowCount: records.windowCount)
        guard isExpected, let newest, best.file.problem != nil else { return [best] }
        let advice = adviceWithoutBest(newest, generations)
        if isNamed(path) {
            best.file.notes.append(advice)
        } else {
            best.file = VerifiedFile(.best, path)
            best.file.fail("\(path): no such checkpoint. \(advice)", .inputMissing)
        }
        return [best]
    }

    /// What to do about a best model that is missing or damaged.
    private func adviceWithoutBest(_ newest: StoredCheckpoint, _ generations: [CheckpointVerification]) -> String {
        let step = newest.state.convergence.bestStep
        let source = generations.first { $0.file.problem == nil && $0.checkpoint?.state.step == step }
        if let source { return "--resume writes the best parameters (step \(step)) again from \(source.file.path)." }
        return
            "The best parameters (step \(step)) are in no checkpoint. Restore the file from a backup; or train on with --resume, and more "
            + "--epochs if training is done (and a larger --patience if the run has converged), so that the next validation replaces it; or use the newest checkpoint, \(newest.path)."
    }

    /// Compares the best model with the newest checkpoint, and with the log if the log belongs to the run.
    func compareBest(
        _ best: inout CheckpointVerification, _ newest: StoredCheckpoint?, _ metrics: inout VerifiedFile, isOwnConfiguration: Bool
    ) {
        guard best.file.problem == nil, let found = best.checkpoint else { return }
        let own = records.without(configuration: !isOwnConfiguration, log: metrics.isForeign)
        let comparison = BestComparison(records: own, run: newest.map { BestComparison.Run($0) })
        best.file.check { file in
            let model = try comparison.model(of: found)
            file.notes += comparison.notes(of: model)
            guard let reason = comparison.contradictionOfEnd(model) else { return }
            if comparison.isOlderThanEnd(model) {
                return file.fail(
                    "\(file.path) is older than \(metrics.path): \(reason). Restore the newer file, or use --resume, which writes it again if a "
                        + "checkpoint of that step is left.")
            }
            metrics.fail("\(metrics.path): \(reason). Restore the file, or move it away: --resume does not need it.")
        }
    }

    func configuration() -> VerifiedFile {
        var file = VerifiedFile(.configuration, folder.configurationPath)
        file.check { file in
            let values = try ConfigurationFile(ofRunAt: file.path)
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
            guard let stored = newest?.vocabulary, stored != vocabulary else { return }
            file.fail(
                stored.digest == vocabulary.digest
                    ? "\(file.path): its counts of the symbols differ from those in the newest checkpoint. Remove it: the next start writes it again."
                    : "\(file.path): its digest is \(vocabulary.digest.hexadecimal), but that of the newest checkpoint is \(stored.digest.hexadecimal). Remove it: the next start writes it again."
            )
        }
        return file
    }

    /// The copy of the SentencePiece model, if the run has one.
    func tokenizer(_ newest: StoredCheckpoint?) -> [VerifiedFile] {
        guard let model = newest?.vocabulary.tokenizer.modelFile else { return [] }
        var file = VerifiedFile(.tokenizer, joinPath(folder.path, RunFile.sentencePieceModel))
        guard isNamed(file.path) else {
            file.contents = "none"
            file.notes.append("the next start writes it again")
            return [file]
        }
        file.check { file in
            file.contents = "\(NumberText.counted(model.count, "byte"))"
            if try ReadableFile.contents(of: file.path, limit: RunFile.mostModelBytes) != model {
                file.fail(
                    "\(file.path): it differs from the model in the newest checkpoint. Remove it: the next start writes it again."
                )
            }
        }
        return [file]
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
            file.notes += log.models.gaps
            if log.hasCutLine { file.notes.append("its last line is incomplete; the next start removes it") }
        }
        return file
    }

    /// The existing token files. Missing or damaged ones are written again from their texts.
    func tokens(_ newest: StoredCheckpoint?) throws -> [VerifiedFile] {
        let paths = TextRole.allCases.map { (role: $0, path: joinPath(folder.dataPath, "\($0.rawValue).tokens")) }
        return paths.filter { isNamed($0.path) }.map { role, path in
            var file = VerifiedFile(.tokens, path)
            file.check { file in
                let tokens = try TokenFile(path: path)
                try tokens.verify()
                file.contents = "\(NumberText.counted(tokens.count, "token")), text \(tokens.textDigest.hexadecimal)"
                guard let newest else { return }
                if let reason = conflict(tokens, role, newest) {
                    file.fail(
                        "\(path) is from another run than the newest checkpoint: \(reason). Remove it: the next start writes it again."
                    )
                }
            }
            return file
        }
    }

    /// Why a token file is not of the text and the vocabulary of a checkpoint, with both digests; nil if it is.
    private func conflict(_ tokens: TokenFile, _ role: TextRole, _ checkpoint: StoredCheckpoint) -> String? {
        if let text = checkpoint.textDigests[role.rawValue], text != tokens.textDigest.hexadecimal {
            return "the digest of its text is \(tokens.textDigest.hexadecimal), but the checkpoint has \(text)"
        }
        guard tokens.vocabularyDigest != checkpoint.vocabulary.digest else { return nil }
        return "the digest of its vocabulary is \(tokens.vocabularyDigest.hexadecimal), but the checkpoint has "
            + "\(checkpoint.vocabulary.digest.hexadecimal)"
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
