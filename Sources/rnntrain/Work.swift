import Communication
import Failures
import Files
import Foundation
import Training

// What the commands ask for, after all checks that need no MPI. An error thrown from here is known to all ranks alike:
// rank 0 prints it, the others wait in silence. Commands that start no MPI do all their work in every process.

/// Trains, or goes on with the run in `configuration.run`.
func runTraining(configuration: TrainingConfiguration, resume: Bool, breakingLock: Bool) throws {
    signal(SIGPIPE, SIG_IGN)  // a reader of the standard output that has gone away is no reason to stop
    let outcome = try withWorld { world in
        try TrainingRun(world: world, version: rnntrainVersion).run(
            configuration, resume: resume, breakingLock: breakingLock)
    }
    if outcome.exitStatus != .done { exit(outcome.exitStatus.rawValue) }
}

/// Says what the run would take, and whether it is there.
func runDryRun(configuration: TrainingConfiguration, resume: Bool) throws {
    try withWorld { world in try TrainingRun(world: world, version: rnntrainVersion).dryRun(configuration, resume: resume) }
}

/// Starts MPI, does the work on all ranks, and ends MPI.
///
/// A failure that all ranks agreed on is thrown on all of them; one of this rank alone ends the job.
func withWorld<Result>(_ work: (World) throws -> Result) throws -> Result {
    let world = try World.start()
    do {
        let result = try work(world)
        try world.finish()
        return result
    } catch let failure as RemoteFailure {
        try world.finish()
        throw failure
    } catch {
        world.end(with: error)
    }
}

/// Scores a text with a checkpoint's parameters, and prints the figures.
func runEvaluation(checkpoint: String, data: String, json: Bool) throws {
    let evaluation = try Evaluation(
        of: data, model: StoredModel(checkpoint: checkpoint, steps: Evaluation.windowLength))
    let score = evaluation.score
    if json {
        try StandardOutput.printResult(
            "{\"tokens\":\(evaluation.tokens),\"loss\":\(jsonText(evaluation.loss)),"
                + "\"perplexity\":\(jsonText(evaluation.perplexity)),\"bits_per_token\":\(jsonText(evaluation.bitsPerToken)),"
                + "\"oovs\":\(score.unknownTokens),\"oov_share\":\(jsonText(score.unknown.share)),"
                + "\"perplexity_excluding_oovs\":\(score.perplexityWithoutUnknown.map(jsonText) ?? "null")}")
    } else {
        try StandardOutput.printResult(
            "\(NumberText.counted(evaluation.tokens, "token")), loss \(NumberText.fixed(evaluation.loss, 4)) nats per token, "
                + "perplexity \(NumberText.perplexity(evaluation.perplexity, digits: 3)), "
                + "\(NumberText.fixed(evaluation.bitsPerToken, 3)) bits per token" + (score.unknownText.map { "; \($0)" } ?? ""))
    }
    if let warning = score.unknown.warning(of: data) { StandardError.warn(warning) }
}

/// JSON has no word for what is not finite.
private func jsonText(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

/// Draws text from a checkpoint's model, and prints it.
func runGeneration(checkpoint: String, sampling: SamplingOptions) throws {
    let rule = SamplingRule(
        temperature: sampling.temperature, topK: sampling.topK, topP: sampling.topP, greedy: sampling.greedy,
        seed: UInt64(sampling.seed))
    let generation = Generation(model: try StoredModel(checkpoint: checkpoint, steps: 1), rule: rule)
    let text = try generation.text(prompt: sampling.prompt, length: sampling.length)
    try StandardOutput.printResult(text)
}

/// Checks a checkpoint or a run's folder, and prints what it holds.
func runVerification(path: String, json: Bool) throws {
    let verification = try verification(of: path)
    try StandardOutput.printResult(json ? try verification.jsonText() : verification.lines.joined(separator: "\n"))
    if let failure = verification.failure { throw failure }
    if !json { try StandardOutput.printResult("all is sound") }
}

private func verification(of path: String) throws -> Verification {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw InputFileError.nothingToVerify(path: path)
    }
    guard isFolder.boolValue else { return Verification(checkpoint: path) }
    guard try Verification.isRun(path) else { throw InputFileError.nothingToVerify(path: path) }
    return try Verification(run: path)
}
