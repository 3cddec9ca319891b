import Optimizers
import Digests
import TextData

/// The models of a run in `metrics.jsonl`. A checkpoint of the run agrees with them.
///
/// A step may be logged several times: a crash repeats steps, and after a rollback or with another learning rate their digests
/// differ. A checkpoint agrees if any line of its step has its digest. A step without a line is not compared, because a power
/// failure may have lost the line.
package struct LoggedModels: Equatable, Sendable {
    /// The fields of a line that are used.
    struct Line: Decodable {
        let event: String
        let step: Int?
        let loss: Double?
        /// What the task minimises, where that is not the loss.
        let criterion: Double?
        let parameters_digest: String?
        let seed: Int?
        let vocabulary_digest: String?
        let train_digest: String?
        let valid_digest: String?
        let test_digest: String?
        let word_vectors_digest: String?
        let fixed_keys: String?
        let tensorboard: Bool?
        let run_identity: String?
        let best: Bool?
        let perplexity: Double?
        let best_step: Int?
        let best_loss: Double?
        let best_criterion: Double?
        let best_perplexity: Double?
        let best_parameters_digest: String?
        let test_loss: Double?
        let test_perplexity: Double?
    }

    /// The fields of the lines `start` and `resume` that identify a run.
    private struct Run: Equatable {
        let seed: Int
        let vocabularyDigest: String
        let trainDigest: String
    }

    /// The identities of the runs that wrote the log: one, unless the log of a run without an identity was continued.
    private var identities: [RunIdentity] = []
    /// The identity of the run that wrote the last part of the log; nil if no part has one.
    package var identity: RunIdentity? { identities.last }

    /// Digests of the parameters, by step.
    package private(set) var digests: [Int: Set<String>] = [:]
    /// Those of validations alone.
    private var validated: [Int: Set<String>] = [:]
    /// Those of all other lines.
    private var trained: [Int: Set<String>] = [:]
    /// Validation losses in nats per token, by step.
    private var losses: [Int: Set<Double>] = [:]
    /// The validations, in the order of the log.
    private(set) var validations: [LoggedValidation] = []
    /// The parts of the log, in order.
    private(set) var parts: [LogPart] = []
    /// The lines `checkpoint`, by step, in order: the part, and the digest of the parameters if the line has one.
    private(set) var writers: [Int: [Writer]] = [:]

    struct Writer: Equatable, Sendable {
        let part: Int
        let digest: String?
    }

    /// The line `end` of the last job; nil if the job has not ended.
    private(set) var end: LoggedEnd?
    /// The models that were in `best.safetensors` at the beginnings and ends of jobs.
    private var named: [BestModel] = []
    /// Whether `best.safetensors` had this model at the beginning or the end of a job.
    func names(_ model: BestModel) -> Bool { named.contains(model) }
    /// Whether the line `end` has the figures of a best model.
    package var endsWithBest: Bool { end?.best != nil }
    private var runs: [Run] = []
    /// The digests of the texts by role, and of the word vectors, at the last start; as in a checkpoint. Logs of earlier versions have only that of the
    /// training text.
    package private(set) var textDigests: [String: String] = [:]
    /// The keys that may not change on resume, at the last start; nil in logs of earlier versions.
    package private(set) var fixedKeys: String?
    /// The digest of the vocabulary at the last start; nil if no line has it.
    package var vocabularyDigest: String? { runs.last?.vocabularyDigest }
    /// Whether the log has figures of a model.
    package var hasModels: Bool { !validations.isEmpty || lastCheckpoint != nil }

    /// The name of the digest of word vectors among those of the texts.
    package static let wordVectorsKey = "word-vectors"

    /// The field of the lines `start` and `resume` with the digest that a checkpoint has under this name.
    package static func field(ofDigest name: String) -> String { name.replacing("-", with: "_") + "_digest" }

    /// The last step in any line; 0 for none.
    package private(set) var lastStep = 0
    /// The seed of the run that wrote the last part of the log; nil if no line has it.
    var seed: Int? { runs.last?.seed }
    /// The step of the last line `checkpoint`; nil for none.
    package private(set) var lastCheckpoint: Int?

    mutating func take(_ line: Line) {
        if let text = line.run_identity, identities.last?.text != text { identities.append(RunIdentity(text)) }
        if let seed = line.seed, let vocabulary = line.vocabulary_digest, let train = line.train_digest {
            let run = Run(seed: seed, vocabularyDigest: vocabulary, trainDigest: train)
            if runs.last != run { runs.append(run) }
            (textDigests, fixedKeys) = (line.textDigests, line.fixed_keys)
        }
        guard let step = line.step else { return }
        lastStep = max(lastStep, step)
        if let digest = line.parameters_digest {
            digests[step, default: []].insert(digest)
            if line.event != "validation" { trained[step, default: []].insert(digest) }
        }
        if parts.isEmpty || Self.beginnings.contains(line.event) {
            let origin = line.event == "start" ? nil : origin(after: step, digest: line.parameters_digest)
            let hasEvents = line.event == "rollback" ? parts.last?.hasEvents : line.tensorboard
            parts.append(LogPart(event: line.event, step: step, origin: origin, hasEvents: hasEvents ?? true))
            end = nil
        }
        if let best = line.bestModel { named.append(best) }
        if line.event == "validation" { takeValidation(line, step) }
        if line.event == "end" { end = LoggedEnd(step: step, best: line.bestModel) }
        if line.event == "checkpoint" {
            lastCheckpoint = step
            writers[step, default: []].append(Writer(part: parts.count - 1, digest: line.parameters_digest))
        }
        parts[parts.count - 1].take(line, step)
    }

    private mutating func takeValidation(_ line: Line, _ step: Int) {
        if let digest = line.parameters_digest { validated[step, default: []].insert(digest) }
        if let loss = line.criterion ?? line.loss { losses[step, default: []].insert(loss) }
        let place = parts.count - 1
        validations.append(
            LoggedValidation(
                step: step, loss: line.criterion ?? line.loss, digest: line.parameters_digest, isBest: line.best, part: place,
                isInOrder: end == nil && step >= parts[place].lastStep))
    }

    /// The difference of a checkpoint from the log, as a clause with both values; nil if there is none.
    package func contradiction(_ checkpoint: CheckpointFacts) -> String? {
        otherRun(checkpoint) ?? otherParameters(checkpoint) ?? otherLoss(checkpoint.state.convergence)
    }

    /// Whether the log has a digest of the checkpoint's step, so that the two can be compared.
    package func covers(_ checkpoint: CheckpointFacts) -> Bool { !digests(for: checkpoint).isEmpty }

    /// The digests that the parameters of a checkpoint may have. A rule that averages them validates the average, whose digest is another one.
    private func digests(for checkpoint: CheckpointFacts) -> Set<String> {
        let step = checkpoint.state.step
        guard checkpoint.configuration.updateRule.averaging != nil else { return digests[step] ?? [] }
        // Before the average begins, both may have the same digest.
        return (checkpoint.state.holdsAverage == true ? validated : trained)[step] ?? []
    }

    /// Whether the log belongs to a run with another seed, vocabulary or training text.
    package func isOfAnotherRun(than checkpoint: CheckpointFacts) -> Bool { otherRun(checkpoint) != nil }

    /// Whether the log has a validation of this step.
    package func hasValidation(ofStep step: Int) -> Bool { losses[step] != nil }

    private func otherRun(_ checkpoint: CheckpointFacts) -> String? {
        guard let last = runs.last else { return nil }
        let run = Run(
            seed: checkpoint.configuration.seed, vocabularyDigest: checkpoint.vocabulary.digest.hexadecimal,
            trainDigest: checkpoint.textDigests[TextRole.train.rawValue] ?? last.trainDigest)
        if runs.contains(run) { return otherIdentity(checkpoint) }
        if run.seed != last.seed { return "its seed is \(run.seed), but the log has \(last.seed)" }
        if run.vocabularyDigest != last.vocabularyDigest {
            return "the digest of its vocabulary is \(run.vocabularyDigest), but the log has \(last.vocabularyDigest)"
        }
        return "the digest of its training text is \(run.trainDigest), but the log has \(last.trainDigest)"
    }

    private func otherIdentity(_ checkpoint: CheckpointFacts) -> String? {
        guard let identity = checkpoint.runIdentity, let last = identities.last, !identities.contains(identity) else {
            return nil
        }
        return "its run_identity is \(identity.text), but the log has \(last.text)"
    }

    private func otherParameters(_ checkpoint: CheckpointFacts) -> String? {
        let step = checkpoint.state.step
        let logged = digests(for: checkpoint)
        guard let found = checkpoint.parametersDigest, !logged.isEmpty, !logged.contains(found) else { return nil }
        return
            "its parameters of step \(step) have the digest \(found), but the log has \(logged.sorted().joined(separator: " or "))"
    }

    private func otherLoss(_ state: ConvergenceState) -> String? {
        let stored: [(step: Int?, loss: Double?)] = [(state.lastStep, state.lastLoss), (state.bestStep, state.bestLoss)]
        for (step, loss) in stored {
            guard let step, let loss, let logged = losses[step], !logged.contains(loss) else { continue }
            let values = logged.sorted().map { "\($0)" }.joined(separator: " or ")
            return "its validation loss after step \(step) is \(loss), but the log has \(values)"
        }
        return nil
    }
}

extension LoggedModels.Line {
    fileprivate var textDigests: [String: String] {
        let texts = [TextRole.train: train_digest, .valid: valid_digest, .test: test_digest].compactMap { role, digest in
            digest.map { (role.rawValue, $0) }
        }
        return Dictionary(uniqueKeysWithValues: texts + (word_vectors_digest.map { [(LoggedModels.wordVectorsKey, $0)] } ?? []))
    }

    /// The best model in a line `start`, `resume` or `end`.
    fileprivate var bestModel: BestModel? {
        guard let best_step, let value = best_criterion ?? best_loss, let best_parameters_digest else { return nil }
        return BestModel(step: best_step, loss: value, parametersDigest: best_parameters_digest)
    }
}
