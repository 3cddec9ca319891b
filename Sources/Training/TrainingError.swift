public import Configuration
public import Failures
import Files

/// Errors of a run, other than those of its files and of its configuration.
public enum TrainingError: UserFacingError, Equatable {
    /// The loss, the gradient or the parameters were not finite, also after returning to a checkpoint.
    case diverged(what: String, step: Int, rollbacks: Int, runFolder: String, advice: String)
    /// A bit has flipped.
    case corrupted(what: String, step: Int, rollbacks: Int, runFolder: String)
    /// A resumed run has another text.
    case otherText(option: String, path: String, found: String, expected: String)
    /// A run that starts again gets another vocabulary from equal texts. `trainedModel` is the path of the SentencePiece model that the run trained
    /// before; nil for other tokens.
    case otherVocabulary(runFolder: String, trainedModel: String?, found: String, expected: String)
    /// A text changed while it was read.
    case textChanged(path: String)
    /// A vocabulary that is too large for the header of a checkpoint.
    case vocabularyTooLarge(source: String, headerByteCount: Int, limit: Int, symbolCount: Int, longest: [String])
    /// A training text is shorter than one window.
    case shorterThanWindow(source: String, tokens: Int, streams: Int, windowLength: Int)
    /// A file in the run folder could not be written.
    case log(path: String, errorNumber: Int32)
    /// Records of a log could not be written while training went on. `firstStep` is the step of the first one, if it has one.
    case unwrittenRecords(path: String, errorNumber: Int32, count: Int, firstStep: Int?)
    /// A rank was started with other options than rank 0. Both values are lines of a TOML file.
    case otherOptions(own: String, root: String)
    /// The system refused the signal handlers.
    case signals
    /// A signal came before the first step.
    case stoppedBeforeStart(StopReason)
    /// The time limit passed before the first step.
    case noTime(StopReason, limit: TimeSpan?)
    /// The time limit passed during work that a job must do as a whole, such as `the validation`, after no step: with this limit, no job
    /// would get further.
    case noTimeFor(String, StopReason, limit: TimeSpan?)

    /// The error of a job that must end before its first step.
    static func beforeFirstStep(_ reason: StopReason, limit: TimeSpan?) -> TrainingError {
        if case .signal = reason { .stoppedBeforeStart(reason) } else { .noTime(reason, limit: limit) }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .diverged, .noTime, .noTimeFor, .otherOptions: .usage
        case .otherText, .otherVocabulary, .textChanged, .vocabularyTooLarge, .shorterThanWindow: .badData
        case .log, .unwrittenRecords: .inputOutput
        case .stoppedBeforeStart: .preempted
        case .signals, .corrupted: .fault
        }
    }

    public var description: String {
        switch self {
        case .diverged(let what, let step, let rollbacks, let runFolder, let advice):
            "step \(step): \(what): training has diverged\(Self.tries(rollbacks)). The last good checkpoint is in "
                + "\(runFolder)/checkpoints. \(advice)"
        case .corrupted(let what, let step, let rollbacks, let runFolder):
            "step \(step): \(what)\(Self.tries(rollbacks)). The memory or a processor of this machine may be failing. Resume on another machine with --run "
                + "\(runFolder) --resume. The last checkpoint is good."
        case .otherText(let option, let path, let found, let expected):
            "\(path): the run was started with another text for \(option): the digest of this file is \(found); expected \(expected). "
                + "Resume with the same text, or start a new run with another --run."
        case .otherVocabulary(let runFolder, let trainedModel, let found, let expected):
            Self.vocabularySentence(runFolder, trainedModel, "the digest of its vocabulary is \(found); expected \(expected)")
        case .textChanged(let path):
            "\(path): the text changed while it was read. Start again when no other process writes to it."
        case .vocabularyTooLarge(let source, let headerByteCount, let limit, let symbolCount, let longest):
            "\(source): its vocabulary of \(symbolCount) symbols is too large for a checkpoint: the header would have "
                + "\(headerByteCount) bytes; the maximum is \(limit). The longest symbols: \(longest.joined(separator: ", ")). Split or "
                + "remove them, lower --vocabulary-size, or train on bytes (--tokens byte)."
        case .shorterThanWindow(let source, let tokens, let streams, let windowLength):
            "\(source): the text has \(tokens) tokens, but one window of \(streams) streams and \(windowLength) steps needs "
                + "\(Self.leastTokens(streams, windowLength)). Use a longer text, or lower --batch-size or --bptt."
        case .otherOptions(let own, let root):
            "this rank has other options than rank 0: it has \(own), rank 0 has \(root). Start all ranks with the same options and the same "
                + "rnntrain.toml."
        case .log, .unwrittenRecords, .signals, .stoppedBeforeStart, .noTime, .noTimeFor: endingDescription
        }
    }

    /// The description of an error that ends a job whose texts and numbers are right.
    private var endingDescription: String {
        switch self {
        case .log(let path, let number):
            "\(path): cannot write: \(systemText(number)). \(advice(number, path)) Then continue with --resume."
        case .unwrittenRecords(let path, let number, let count, let firstStep):
            "\(path): cannot write: \(systemText(number)). \(counted(count, "record"))\(firstStep.map { ", from step \($0) on," } ?? "") "
                + "\(count == 1 ? "is" : "are") not written. \(advice(number, path)) Then continue with --resume, which repeats and logs only "
                + "the steps after its checkpoint."
        case .signals:
            "the system refuses to install signal handlers; the run was not started."
        case .stoppedBeforeStart(let reason):
            "stopped \(reason.clause) before the first step. Nothing is lost: "
                + (reason == .signal("SIGXCPU") ? "raise the limit, and " : "") + "run the same command again."
        case .noTime(.jobEnd, _):
            "the end of the SLURM job (SLURM_JOB_END_TIME) passed before the first step. Request a longer job, or unset "
                + "SLURM_JOB_END_TIME if it belongs to another job."
        case .noTime(_, let limit):
            "the time limit of \(limit?.description ?? "the run") (--time-limit) passed before the first step. Use a longer limit."
        case .noTimeFor(let work, .jobEnd, _):
            "\(work) takes longer than the time until the end of the SLURM job (SLURM_JOB_END_TIME), and begins again in each job. The "
                + "checkpoints are complete. Resume in a longer job."
        case .noTimeFor(let work, _, let limit):
            "\(work) takes longer than the time limit of \(limit?.description ?? "the run") (--time-limit), and begins again in each job. "
                + "The checkpoints are complete. Resume with a longer limit, or with --time-limit 0 for none."
        default: ""
        }
    }

    private static func vocabularySentence(_ runFolder: String, _ trainedModel: String?, _ digests: String) -> String {
        guard let trainedModel else {
            return
                "\(runFolder): this version of rnntrain divides the training text into other tokens than the version that began the "
                + "run: \(digests). Resume with that version, or start a new run with another --run."
        }
        return
            "\(runFolder): this version of the SentencePiece library trains another model than the one of the run: "
            + "\(digests). Resume with the version of the library that began the run, or start a new run with another --run, with --sentencepiece-model "
            + "\(quoting: trainedModel) and without --vocabulary-size."
    }

    /// As text, because the number may exceed the range of an integer.
    private static func leastTokens(_ streams: Int, _ windowLength: Int) -> String {
        let (product, overflow) = streams.multipliedReportingOverflow(by: windowLength - 1)
        return overflow || product > Int.max - 2 ? "more than \(Int.max)" : "\(product + 2)"
    }

    private static func tries(_ rollbacks: Int) -> String {
        rollbacks == 0 ? "" : ", after \(counted(rollbacks, "return")) to a checkpoint"
    }
}
