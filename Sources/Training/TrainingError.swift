public import Failures

/// What can go wrong with a run besides its files and its configuration's values.
public enum TrainingError: UserFacingError, Equatable {
    /// The loss, the gradient or the parameters were not finite, and going back did not help.
    case diverged(what: String, step: Int, rollbacks: Int, runFolder: String)
    /// Bits changed by themselves.
    case corrupted(what: String, step: Int, rollbacks: Int, runFolder: String)
    /// A resumed run was given another text.
    case otherText(option: String, path: String, found: String, expected: String)
    /// A text was written to while it was read.
    case textChanged(path: String)
    /// A checkpoint lacks a text that it must have.
    case incompleteCheckpoint(path: String, missing: String)
    /// What a checkpoint says of itself does not go together.
    case inconsistentCheckpoint(path: String, reason: String)
    /// A checkpoint and a file of its run folder cannot be of the same run; the reason has both values.
    case foreignCheckpoint(path: String, file: String, reason: String)
    /// No checkpoint of a run folder agrees with `config.toml` or `metrics.jsonl`; the reason has the values of one of them.
    case foreignRecord(path: String, checkpoint: String, reason: String)
    /// A checkpoint holds a number that training never writes.
    case impossibleValue(path: String, array: String, index: Int, value: Float)
    /// A vocabulary that no checkpoint could hold.
    case vocabularyTooLarge(source: String, headerByteCount: Int, limit: Int, symbolCount: Int, longest: [String])
    /// A training text gives no full window.
    case shorterThanWindow(source: String, tokens: Int, streams: Int, windowLength: Int)
    /// A line of `metrics.jsonl` is none that was written.
    case badLog(path: String, line: Int, byteOffset: Int)
    /// A file of ours in the run folder could not be written.
    case log(path: String, reason: String)
    /// The system refused the handlers of signals.
    case signals
    /// A signal came before the run had a first checkpoint, or while it was taken up again.
    case stoppedBeforeStart(StopReason)
    /// The time was up before the first step.
    case noTime(StopReason, limit: TimeSpan?)

    /// What a job ends with that something asks to end before its first step.
    static func beforeFirstStep(_ reason: StopReason, limit: TimeSpan?) -> TrainingError {
        if case .signal = reason { .stoppedBeforeStart(reason) } else { .noTime(reason, limit: limit) }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .diverged, .noTime: .usage
        case .otherText, .textChanged, .incompleteCheckpoint, .inconsistentCheckpoint, .foreignCheckpoint,
            .foreignRecord, .impossibleValue, .vocabularyTooLarge, .badLog, .shorterThanWindow:
            .badData
        case .log: .inputOutput
        case .stoppedBeforeStart: .preempted
        case .signals, .corrupted: .fault
        }
    }

    public var description: String {
        switch self {
        case .diverged(let what, let step, let rollbacks, let runFolder):
            "step \(step): \(what): training has diverged\(Self.tries(rollbacks)). The last good checkpoint is in "
                + "\(runFolder)/checkpoints; resume it with a lower --learning-rate, or start a new run with a smaller --clip."
        case .corrupted(let what, let step, let rollbacks, let runFolder):
            "step \(step): \(what)\(Self.tries(rollbacks)). Memory or a processor of that machine is failing: go on with --run "
                + "\(runFolder) --resume on another one. The last checkpoint is good."
        case .otherText(let option, let path, let found, let expected):
            "\(path): the run was started with another text for \(option): its digest is \(found), the run's \(expected). "
                + "Resume with the same text, or start a new run with another --run."
        case .textChanged(let path):
            "\(path): the text changed while it was read. Start again when nothing writes to it any more."
        case .incompleteCheckpoint(let path, let missing):
            "\(path): the checkpoint has no '\(quoting: missing)', so it is none of rnntrain's. Name a file that rnntrain wrote."
        case .inconsistentCheckpoint(let path, let reason):
            "\(path): the checkpoint contradicts itself: \(reason). Take another checkpoint; --resume takes the newest "
                + "that is sound."
        case .foreignCheckpoint(let path, let file, let reason):
            "\(path) is not of the same run as \(file): \(reason). Restore the run's own file, or move this one away."
        case .foreignRecord(let path, let checkpoint, let reason):
            "\(path) is not of the same run as any checkpoint here. Of \(checkpoint): \(reason). Restore the run's own file, or move \(path) away: "
                + "--resume goes on without it."
        case .impossibleValue(let path, let array, let index, let value):
            "\(path): the checkpoint holds what training never writes: element \(index) of '\(array)' is \(value). "
                + "Take another checkpoint."
        case .vocabularyTooLarge(let source, let headerByteCount, let limit, let symbolCount, let longest):
            "\(source): its vocabulary of \(symbolCount) symbols is too large for a checkpoint, whose header would have "
                + "\(headerByteCount) bytes, and \(limit) are allowed. The longest: \(longest.joined(separator: ", ")). Break such words up "
                + "or remove them, lower --vocabulary-size, or train on bytes (--tokens byte)."
        case .shorterThanWindow(let source, let tokens, let streams, let windowLength):
            "\(source): \(tokens) tokens are too few for one window: \(streams) streams of \(windowLength) steps need "
                + "\(Self.leastTokens(streams, windowLength)). Give more text, or lower --batch-size or --bptt."
        case .badLog(let path, let line, let byteOffset):
            "\(path): line \(line), from byte \(byteOffset) on, is no line of a log. Training does not need it: move the file away."
        case .log(let path, let reason):
            "\(path): cannot write: \(reason). Free space or mend the permissions, then go on with --resume."
        case .signals:
            "the system refuses to install handlers for signals; nothing was started."
        case .stoppedBeforeStart(let reason):
            "stopped \(reason.clause) before the first step. Nothing is lost: start the same command again."
        case .noTime(.jobEnd, _):
            "the end of the SLURM job (SLURM_JOB_END_TIME) is past, and no step was made. Ask for a longer job; unset "
                + "SLURM_JOB_END_TIME where it is left from another one."
        case .noTime(_, let limit):
            "the time limit of \(limit?.description ?? "the run") (--time-limit) was over before the first step. Give more time."
        }
    }

    /// As text, since it may be more than an integer holds.
    private static func leastTokens(_ streams: Int, _ windowLength: Int) -> String {
        let (product, overflow) = streams.multipliedReportingOverflow(by: windowLength - 1)
        return overflow || product > Int.max - 2 ? "more than \(Int.max)" : "\(product + 2)"
    }

    private static func tries(_ rollbacks: Int) -> String {
        rollbacks == 0 ? "" : ", after \(counted(rollbacks, "return")) to a checkpoint"
    }
}
