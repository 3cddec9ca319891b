import Checkpoints
package import Configuration
package import TextData

/// Compares `best.safetensors` with all files of its run that describe it: `config.toml`, `vocabulary.json`, `metrics.jsonl`, and
/// the newest checkpoint.
///
/// All code that uses the file as the best model of a run calls this comparison.
package struct BestComparison {
    /// The rest of a run: the newest checkpoint, or the configuration of a run without checkpoints.
    package struct Run {
        package let configuration: TrainingConfiguration
        let identity: RunIdentity?
        let vocabulary: Vocabulary
        package let textDigests: [String: String]
        package let state: TrainingState
        /// The digest of the parameters in the checkpoint; nil without one.
        let parametersDigest: String?

        package init(
            _ configuration: TrainingConfiguration, identity: RunIdentity?, vocabulary: Vocabulary, textDigests: [String: String],
            state: TrainingState, parametersDigest: String? = nil
        ) {
            (self.configuration, self.identity, self.vocabulary) = (configuration, identity, vocabulary)
            (self.textDigests, self.state, self.parametersDigest) = (textDigests, state, parametersDigest)
        }

        /// The run of a checkpoint, with the configuration and the texts with which it continues.
        package init(_ checkpoint: StoredCheckpoint, _ configuration: TrainingConfiguration, textDigests: [String: String]) {
            self.init(
                configuration, identity: checkpoint.runIdentity, vocabulary: checkpoint.vocabulary, textDigests: textDigests,
                state: checkpoint.state, parametersDigest: checkpoint.parametersDigest)
        }

        package init(_ checkpoint: StoredCheckpoint) {
            self.init(checkpoint, checkpoint.configuration, textDigests: checkpoint.textDigests)
        }
    }

    package let records: RunRecords
    /// Nil if no checkpoint can be read.
    let run: Run?

    package init(records: RunRecords, run: Run?) { (self.records, self.run) = (records, run) }

    /// The best model in the file.
    ///
    /// Throws `StoredRunError.foreignCheckpoint` and `.inconsistentCheckpoint` if a file of the run contradicts it.
    package func model(of best: StoredCheckpoint) throws(StoredRunError) -> BestModel {
        try records.requireAgreement(best.facts, isGeneration: false)
        if let run {
            try best.requireBest(
                of: run.configuration, identity: run.identity, vocabulary: run.vocabulary, textDigests: run.textDigests)
        } else {
            try records.requireVocabulary(best)
        }
        let model = try best.bestModel()
        if let reason = contradictionOfLog(model) {
            throw .foreignCheckpoint(path: best.path, file: records.folder.metricsPath, reason: reason)
        }
        if let reason = contradictionOfCheckpoint(model) ?? contradictionOfConfiguration(best, model) {
            throw .inconsistentCheckpoint(path: best.path, reason: reason)
        }
        return model
    }

    /// The notes about a model that no file contradicts.
    package func notes(of model: BestModel) -> [String] {
        var notes: [String] = []
        if let best = knownBest, model.loss > best.loss, model.step > best.step {
            notes.append(
                "it is from step \(model.step), but the best parameters were those of step \(best.step), which were lost")
        } else if let log = records.log, let any = log.bestValidation, any.loss < model.loss, !records.folder.isInUse {
            let own = log.bestValidationOfRun.flatMap { $0.loss < model.loss ? $0 : nil }
            let (better, isOfRun) = (own ?? any, own != nil)
            notes.append(
                "it is from step \(model.step), whose validation gave \(model.loss), but the log has a better validation, \(better.loss) after "
                    + "step \(better.step)"
                    + (isOfRun
                        ? ": the file is older than the log, or the job ended before it wrote those parameters"
                        : ", of steps that the run has abandoned; its parameters are lost"))
        } else if let best = knownBest, best.loss < model.loss, !records.folder.isInUse {
            notes.append(
                "it is from step \(model.step), whose validation gave \(model.loss), but the newest checkpoint has a better one, \(best.loss) after "
                    + "step \(best.step): the file is older than the checkpoint")
        }
        // A job that trains may repeat them.
        if isAbandoned(model), !records.folder.isInUse {
            notes.append(
                "it is from step \(model.step), but the run continued from an earlier step and has not repeated this validation")
        }
        // A job that trains writes the line after the file.
        if let log = records.log, !log.hasValidation(ofStep: model.step), !records.folder.isInUse {
            let isAfterEnd = log.end.map { model.step > $0.step } ?? false
            notes.append(
                "the log has no validation of step \(model.step), "
                    + (isAfterEnd
                        ? "which is after its end: the file may be from a copy of the run" : "so that the loss is not compared"))
        }
        return notes
    }

    /// Whether the run has abandoned the steps that led to this model, by the log, and the newest checkpoint does not name the model as its best: lines
    /// of the log may be lost.
    ///
    /// - Parameter whenContinued: whether to answer for the run that continues from the newest checkpoint, and not for the run as it is in the log.
    package func isAbandoned(_ model: BestModel, whenContinued: Bool = false) -> Bool {
        !isKnownToCheckpoint(model) && records.log?.abandons(model, continuingFrom: whenContinued ? checkpoint : nil) == true
    }

    /// Whether no file shows that the run made the steps up to this model: it is later than the newest checkpoint, and the log has no
    /// validation of it. It can be that of a copy of the run.
    package func isUnconfirmed(_ model: BestModel) -> Bool {
        guard let run else { return false }
        return model.step > run.state.step && lines(model).isEmpty
    }

    /// Why `metrics.jsonl` does not belong to the run of this best model, if the newest checkpoint or another line of the log
    /// confirms the model; nil if there is no contradiction.
    package func contradictionOfEnd(_ model: BestModel) -> String? {
        guard let end = records.log?.end, let named = end.best, model.step <= end.step, named != model else { return nil }
        return
            "its last line has the best model of step \(named.step) with loss \(named.loss) and digest \(named.parametersDigest), but "
            + "best.safetensors has step \(model.step), loss \(model.loss) and digest \(model.parametersDigest)"
    }

    /// Whether the log agrees with itself about the model of its last line, and has this one as an earlier one: not the log is wrong, but the file
    /// is older.
    package func isOlderThanEnd(_ model: BestModel) -> Bool {
        guard let named = records.log?.end?.best, isOlder(model) else { return false }
        return lines(named).contains { $0.isBest == true && $0.digest != nil }
    }

    // MARK: The log

    /// The lines of the log that can be the validation of the model.
    private func lines(_ model: BestModel) -> [LoggedValidation] { records.log?.validations.filter { $0.isOf(model) } ?? [] }

    /// Whether the model was the run's best one by the log, before a better one: the file is from an older backup.
    private func isOlder(_ model: BestModel) -> Bool {
        let better = [knownBest?.loss, records.log?.end?.best?.loss].compactMap { $0 }.min()
        guard let better, better < model.loss else { return false }
        return lines(model).contains { $0.isBest == true && $0.isInOrder && $0.digest != nil }
    }

    /// Whether a better model of an abandoned branch stayed in the file until it was lost, and a job then wrote this one, or the next one will.
    private func hasSucceeded(_ model: BestModel, in log: LoggedModels) -> Bool {
        let next = isKnownToCheckpoint(model) ? log.end(continuingFrom: checkpoint) : nil
        let written = log.names(model) ? lines(model).map(log.place) : []
        return (written + [next].compactMap { $0 }).contains { log.hasAbandonedBest(betterThan: model, onTheWayTo: $0) }
    }

    private func contradictionOfLog(_ model: BestModel) -> String? {
        guard let log = records.log else { return nil }
        let lines = lines(model)
        let start = "it is from step \(model.step), but "
        let isKnown = isKnownToCheckpoint(model)
        if !hasSucceeded(model, in: log), !lines.isEmpty, lines.allSatisfy({ $0.isBest == false }) {
            return start + "by the log the best parameters were those of another step"
        }
        if isKnown || isOlder(model) { return nil }
        if let reason = contradictionOfEnd(model) { return start + "in the log, " + reason }
        if lines.isEmpty, log.parts.contains(where: { $0.passes(model.step) }) {
            return start + "the log has steps before and after this step, and no validation of it"
        }
        if !lines.isEmpty, !lines.contains(where: \.isInOrder) {
            return start + "the validation of this step in the log comes after a later step"
        }
        return nil
    }

    // MARK: The newest checkpoint

    private var checkpoint: (step: Int, digest: String?)? { run.map { ($0.state.step, $0.parametersDigest) } }

    /// The best validation before the newest checkpoint; nil if there is none.
    private var knownBest: (step: Int, loss: Double)? {
        guard let state = run?.state.convergence, let loss = state.bestLoss else { return nil }
        return (state.bestStep, loss)
    }

    private func isKnownToCheckpoint(_ model: BestModel) -> Bool {
        guard let run, let known = knownBest, known == (model.step, model.loss) else { return false }
        // Models of two branches may have the same step and loss, such as an accuracy. The log tells them apart.
        let digests = records.log?.digests(ofValidation: known, before: (run.state.step, run.parametersDigest)) ?? []
        return digests.isEmpty || digests.contains(model.parametersDigest)
    }

    /// Parameters other than those in the newest checkpoint can be the best ones only if the run returned to an earlier step, or
    /// if the better ones were lost. The log shows both.
    package func contradictionOfCheckpoint(_ model: BestModel) -> String? {
        guard let run else { return nil }
        let lines = lines(model).filter(\.isInOrder)
        guard let known = knownBest else {
            guard model.step < run.state.step, !lines.contains(where: { hasGoneBack(after: $0) }) else { return nil }
            return "it is from step \(model.step), but the checkpoint of step \(run.state.step) knows of no validation"
        }
        guard known != (model.step, model.loss), !isOlder(model) else { return nil }
        let text = "it is from step \(model.step), but the best parameters were those of step \(known.step)"
        if model.loss < known.loss {
            // After the loss of the best parameters, those of the next validation replace them, also if it is no improvement by more than `epsilon`.
            let mayBeNext = lines.contains { hasGoneBack(after: $0) || $0.isBest == true && wasLost(known, before: $0) }
            guard model.step <= run.state.step, !mayBeNext else { return nil }
            return
                "its validation loss after step \(model.step) is \(model.loss), but the checkpoint has \(known.loss) after step \(known.step)"
        }
        if model.step == known.step, lines.isEmpty {
            return "its validation loss is \(model.loss), but the checkpoint has \(known.loss) for that step"
        }
        if model.step < known.step { return lines.contains { wasLost(known, before: $0) || hasGoneBack(after: $0) } ? nil : text }
        // After a return, an earlier step may reach exactly the loss in the file. It is not lower, so that the file stays.
        let isTie = model.loss == known.loss
        return lines.isEmpty || lines.contains { wasLost(known, before: $0) || isTie && hasGoneBack(after: $0) } ? nil : text
    }

    /// A model of a later step than the newest checkpoint, without a line in the log, can be that of a continued copy of the run, with the same
    /// identity. With equal values of the keys that decide the updates, the run itself arrives at the same parameters.
    private func contradictionOfConfiguration(_ best: StoredCheckpoint, _ model: BestModel) -> String? {
        guard let run, model.step > run.state.step, lines(model).isEmpty else { return nil }
        let differences = [run.configuration, records.configured(run.configuration)].map {
            best.configuration.updateDifference(from: $0)
        }
        guard !differences.contains(nil), let key = differences.compactMap({ $0 }).first else { return nil }
        return "it is from step \(model.step) of a continued copy of the run: its \(key.rawValue) is "
            + "\(value: best.configuration.value(of: key)?.description ?? "not set"), but here it is "
            + "\(value: run.configuration.value(of: key)?.description ?? "not set")"
    }

    /// Whether the run returned, after this validation, to a step before it.
    private func hasGoneBack(after line: LoggedValidation) -> Bool {
        records.log?.hasGoneBack(after: line) ?? false
    }

    /// Whether a job started between the validation of the best parameters and this one, so that the job may have found the file
    /// lost.
    private func wasLost(_ known: (step: Int, loss: Double), before line: LoggedValidation) -> Bool {
        let best = records.log?.validations.last { $0.step == known.step && $0.loss == known.loss }
        return best.map { $0.part < line.part } ?? true
    }
}
