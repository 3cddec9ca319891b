public import Failures

/// Errors of the files of a stored run.
public enum StoredRunError: UserFacingError, Equatable {
    /// A checkpoint has no metadata of this name.
    case incompleteCheckpoint(path: String, missing: String)
    /// The data of a checkpoint are inconsistent.
    case inconsistentCheckpoint(path: String, reason: String)
    /// A checkpoint and a file of its run folder are from different runs; the reason has both values.
    case foreignCheckpoint(path: String, file: String, reason: String)
    /// All checkpoints of a run folder differ from `config.toml` or `metrics.jsonl`; the reason has the values of one checkpoint.
    case foreignRecord(path: String, checkpoint: String, reason: String)
    /// A checkpoint has a value that training never writes.
    case impossibleValue(path: String, array: String, index: Int, value: Float)
    /// Numbers of a model overflow in use. `place` names the token and the text.
    case overflow(checkpoint: String, place: String)
    /// The model is of a task in which it predicts no tokens, which a command or an option needs.
    case noTokenModel(task: String, option: String? = nil)
    /// The model is of a task without labels.
    case noLabels(task: String)
    /// The model knows only lines that begin with its initial state.
    case separateLines
    /// An option needs a model of one stream, but the model knows only separate lines.
    case oneStream(option: String)
    /// A line of `metrics.jsonl` is not valid.
    case badLog(path: String, line: Int, byteOffset: Int)
    /// A line of `metrics.jsonl` contradicts itself or the lines before it; the reason has both values.
    case inconsistentLog(path: String, line: Int, reason: String)
    /// Whole lines of `metrics.jsonl` are in its incomplete last line, which the next job would remove.
    case unendedLines(path: String)
    /// A folder without a checkpoint.
    case noCheckpoint(path: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .noCheckpoint: .inputMissing
        case .noTokenModel, .noLabels, .separateLines, .oneStream: .usage
        default: .badData
        }
    }

    public var description: String {
        switch self {
        case .incompleteCheckpoint(let path, let missing):
            "\(path): the checkpoint has no '\(quoting: missing)', so it was not written by rnntrain. Name a checkpoint of rnntrain."
        case .inconsistentCheckpoint:
            "\(fault). Use another checkpoint; --resume uses the newest valid one."
        case .foreignCheckpoint:
            "\(fault). Restore the file of this run, or move this one away."
        case .foreignRecord(let path, let checkpoint, let reason):
            "\(path) is from another run than all checkpoints of this folder; for \(checkpoint), \(reason). Restore the file of this run, or move "
                + "\(path) away: --resume does not need it."
        case .impossibleValue:
            "\(fault). Use another checkpoint."
        case .overflow(let checkpoint, let place):
            "\(checkpoint): the numbers of this model overflow: its output for \(place) is not finite. The model has diverged. Use an earlier "
                + "checkpoint, or train again with a lower --learning-rate, a smaller --init-scale or fewer --layers."
        case .noTokenModel(let task, let option?):
            "\(option) does not apply to this model: it was trained with --task \(task), and does not predict the tokens of a text. Omit \(option)."
        case .noTokenModel(let task, nil):
            "the model was trained with --task \(task), and does not predict the tokens of a text. Use classify, or "
                + "evaluate."
        case .noLabels(let task):
            "the model was trained with --task \(task), and gives lines no labels. Use score, evaluate or generate."
        case .separateLines:
            "--carry-state does not apply to this model: it was trained with --batching sentences, and begins each line with its initial "
                + "state. Omit --carry-state; the scores are then those of evaluate."
        case .oneStream(let option):
            "\(option) does not apply to this model: it was trained with --batching sentences, and begins each line with its initial state. "
                + "Omit \(option)."
        case .inconsistentLog, .unendedLines, .badLog: logDescription
        case .noCheckpoint(let path):
            "\(path): no checkpoint in this folder: neither best.safetensors nor checkpoints/step-*.safetensors exists. "
                + "Name a run folder or a checkpoint file."
        }
    }

    private var logDescription: String {
        switch self {
        case .inconsistentLog(let path, let line, let reason):
            "\(path): line \(line) is not as it was written: \(reason). Restore the file, or move it away: --resume does not need it."
        case .unendedLines(let path):
            "\(path): another program has written the file in another form. Its lines are not separated by line feeds, so a job would remove them "
                + "as an incomplete line. "
                + "Restore the file, or move it away: --resume does not need it."
        case .badLog(let path, let line, let byteOffset):
            "\(path): line \(line), at byte \(byteOffset), is not a line of a log. Training does not need this file: move it away."
        default: ""
        }
    }

    /// For a checkpoint, its fault without the advice.
    public var fault: String {
        switch self {
        case .inconsistentCheckpoint(let path, let reason): "\(path): the checkpoint is inconsistent: \(reason)"
        case .foreignCheckpoint(let path, let file, let reason): "\(path) disagrees with \(file): \(reason)"
        case .impossibleValue(let path, let array, let index, let value):
            "\(path): the checkpoint is invalid: element \(index) of '\(array)' is \(value), which training never writes"
        default: description
        }
    }
}
