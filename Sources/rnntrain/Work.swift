import Communication
import Configuration
import Failures
import Files
import Foundation
import Inference
import Runs
import TextData
import Training

// The work of the commands, after all checks that need no MPI. If all ranks throw the same error, rank 0 prints it and the others
// wait. If only one rank has an error, it sends the error to rank 0. Commands without MPI do all their work in every process.

/// Trains, or resumes the run in `configuration.run`.
func runTraining(configuration: TrainingConfiguration, resume: Bool, breakingLock: Bool, notices: [String]) throws {
    if !StopSignals.install() { throw TrainingError.signals }
    signal(SIGPIPE, SIG_IGN)  // training continues when the reader of the standard output ends
    let outcome = try withWorld(stallLimit: configuration.stallLimit.seconds) { world in
        try TrainingRun(world: world, version: rnntrainVersion, notices: notices).run(
            configuration, resume: resume, breakingLock: breakingLock)
    }
    // Exits even if standard output cannot be written, because the result is in the run folder.
    exit(outcome.exitStatus.rawValue)
}

/// Prints what the run needs, and whether the machine provides it.
func runDryRun(configuration: TrainingConfiguration, resume: Bool, notices: [String]) throws {
    try withWorld(stallLimit: configuration.stallLimit.seconds) { world in
        Watchdog.endStart()
        StopSignals.release()
        try TrainingRun(world: world, version: rnntrainVersion, notices: notices).dryRun(configuration, resume: resume)
    }
}

/// Starts MPI, does the work on all ranks, and ends MPI.
///
/// A failure that all ranks have is thrown on all ranks. A failure of this rank only ends the job.
/// - Parameters:
///   - stallLimit: the limit in seconds for the start, after which the job ends; 0 for no limit. It applies until the watchdog
///     starts or `Watchdog.endStart` is called.
///   - failure: an earlier error of this rank, which all ranks then throw.
func withWorld<Result>(
    stallLimit: Double, failure: (any Error)? = nil, _ work: (World) throws -> Result
) throws -> Result {
    try CheckOnly.endIfAsked(failure: failure)
    if World.isOneOfSeveralOfMpirun {
        try ProcessRoom.require(bytes: 1 << 20, for: .startingMPI, host: World.localHostName, rank: ProcessRank.current)
    }
    try Watchdog.beginStart(limit: stallLimit)
    let world = try World.start()
    do {
        try world.agree { if let failure { throw failure } }
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

/// Checks a checkpoint or a run folder, and prints its contents.
func runVerification(path: String, json: Bool) throws {
    let verification = try verification(of: path)
    try StandardOutput.printResult(json ? try verification.jsonText() : verification.lines.joined(separator: "\n"))
    if let failure = verification.failure { throw failure }
    if !json { try StandardOutput.printResult("all files are valid") }
}

private func verification(of path: String) throws -> Verification {
    if path == StandardInput.sign { throw InputFileError.standardInput(option: "verify") }
    guard pathExists(path) else { throw InputFileError.nothingToVerify(path: path) }
    guard isFolder(path) else { return Verification(checkpoint: path) }
    guard try Verification.isRun(path) else { throw InputFileError.nothingToVerify(path: path) }
    return try Verification(run: path)
}
